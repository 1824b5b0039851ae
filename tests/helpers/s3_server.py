"""A real S3-compatible server on loopback that knows one user and asks for the login of everybody."""

import os
import subprocess
import sys
from pathlib import Path

import boto3
from helpers.loopback import free_port, until_it_answers

SETTING_UP = 4  # requests that need no login, before the user is there
MAY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'


class S3Server:
    """moto's server with the bucket `trials`; `environment` holds the login, as a user's shell would."""

    def __init__(self, folder: Path) -> None:
        self.port, self.log = free_port(), folder / "s3.log"
        self.uri = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(self.port)]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env={**kept, "INITIAL_NO_AUTH_ACTION_COUNT": str(SETTING_UP)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until_it_answers(f"{self.uri}/moto-api/data.json", self.process, self.log)
        iam = self._client("iam", "none", "none")
        iam.create_user(UserName="probeline")
        iam.put_user_policy(UserName="probeline", PolicyName="s3", PolicyDocument=MAY)
        key = iam.create_access_key(UserName="probeline")["AccessKey"]
        self.key, self.secret = key["AccessKeyId"], key["SecretAccessKey"]
        self.client = self._client("s3", self.key, self.secret)
        self.client.create_bucket(Bucket="trials")

    @property
    def environment(self) -> dict[str, str]:
        """What a user exports."""
        return {
            "AWS_ENDPOINT_URL": self.uri,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def names(self, prefix: str = "") -> list[str]:
        """The names of all objects below a prefix."""
        found = self.client.list_objects_v2(Bucket="trials", Prefix=prefix).get("Contents", [])
        return [each["Key"] for each in found]

    def end(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def _client(self, service: str, key: str, secret: str):
        return boto3.client(
            service,
            endpoint_url=self.uri,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            region_name="us-east-1",
        )
