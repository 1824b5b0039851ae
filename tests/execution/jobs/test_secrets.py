"""What looks like a password in a file that a job would pack."""

import pytest
from probeline.execution.jobs.secrets import secrets_in


@pytest.mark.parametrize(
    "line",
    [
        "password: S3cr3tPassw0rdXy91",
        "DB_PASSWORD=correct7-horse",
        "export API_KEY=abc123def456",
        "  access_key = AKxx99-9912",
    ],
)
def test_a_password_without_quotes_is_found_in_yaml_ini_and_shell_files(line: str) -> None:
    name = line.replace("export", "").split("=")[0].split(":")[0].strip()
    assert list(secrets_in(f"first: 1\n{line}\nlast: 2\n".encode(), {})) == [f"a value for {name}"]


@pytest.mark.parametrize(
    "line",
    [
        "token = tokenizer2",
        "max_tokens: 512",
        "secret = self.base64_value",
        "token = get_token(12345678)",
        "token: ${{ secrets.X123456 }}",
        "password: your-password-123",
        "password: str = field_1",
    ],
)
def test_a_program_that_assigns_names_and_a_placeholder_are_no_passwords(line: str) -> None:
    assert not list(secrets_in(line.encode(), {}))
