import pytest
from probeline.storage.redaction import KEYS, looks_random, redacted

PASSWORD = "hunter2secret"

LOGINS = [
    f"postgresql://me:{PASSWORD}@host/db",
    f"http://me:{PASSWORD}/more@host:5000",
    f"http://me:a/{PASSWORD}@host:5000/path",
    f"http://me:{PASSWORD}@more@host",
    f"https://{PASSWORD}@host/x",
    f"https://host/mlflow?user=me&password={PASSWORD}",
    f"https://host/mlflow?{PASSWORD}",
    f"https://host/mlflow#access={PASSWORD}",
    f"https://host/me:{PASSWORD}/mlflow",
    f"https://host:{PASSWORD}/mlflow",
    f"https://host/mlflow/token/{PASSWORD}/x",
    f"https://host/api_key/{PASSWORD}",
    f"s3://key:{PASSWORD}@bucket/prefix",
    f"me:{PASSWORD}@host:5000",
    f"me:{PASSWORD}@x@host",
    f"me:a/{PASSWORD}@host/db",
    f"ray://me:{PASSWORD}@host:10001",
    f"password={PASSWORD}",
    f"AWS_SECRET_ACCESS_KEY='{PASSWORD}'",
    f'{{"token": "{PASSWORD}"}}',
    f"cannot connect to mysql+pymysql://root:{PASSWORD}@db:3306/x: refused",
]


@pytest.mark.parametrize("text", LOGINS)
def test_a_password_is_shown_nowhere(text: str) -> None:
    shown = redacted(text)
    assert PASSWORD not in shown and "***" in shown
    assert redacted(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:5000/#/experiments/1/runs/0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning",
        "sqlite:////home/someone/project/mlflow.db",
        "sqlite:///x.db",
        "s3://bucket/prefix/of/encoders",
        "https://[::1]:5000/x",
        "postgresql://host/db?sslmode=require",
        "quickstart.yaml:12 base.training.epoch: unknown; did you mean 'epochs'?",
        "simclr batch_size=64 seed=1",
        "method.temperature: got 0; allowed: above 0",
        "tokens: 512 of 1024",
        "max_tokens=512 tokenizer=bpe",
        '{"tokenizer": "bpe", "tokens": "many"}',
        "trial 7bd3ba3c74ef44f6: its artifact knn/confusion.csv is not there",
        "write to someone@example.org",
    ],
)
def test_what_holds_no_secret_is_shown_as_it_is(text: str) -> None:
    assert redacted(text) == text


def test_the_user_of_an_address_stays_for_people_to_recognise_it() -> None:
    assert redacted("postgresql://me:pw@host/db") == "postgresql://me:***@host/db"


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("an AWS key", "AKIA" + "ABCDEFGH12345678"),
        ("a GitHub token", "ghp_" + "a1B2" * 9),
        ("a Hugging Face token", "hf_" + "aB" * 17),
        ("a Slack token", "xoxb-" + "1234567890-abcdefghij"),
        ("a Google key", "AIza" + "a1B2c" * 7),
        ("a key of an API", "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0"),
        ("a Databricks token", "dapi" + "0123456789abcdef" * 2),
        ("a web token", "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4"),
    ],
)
def test_a_key_of_a_known_shape_is_shown_nowhere(kind: str, key: str) -> None:
    assert kind in KEYS
    assert redacted(f"it said {key}.") == "it said ***."


def test_a_random_key_in_a_path_goes_and_an_id_stays() -> None:
    assert looks_random("Zk3vQ9xT7bLm2RfYw8Hc") and not looks_random("0f1e2d3c4b5a69788796a5b4c3d2e1f0")
    assert redacted("https://host/api/Zk3vQ9xT7bLm2RfYw8Hc/x") == "https://host/api/***/x"
