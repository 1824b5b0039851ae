"""The files in infra/, each checked by what can check it without starting anything."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
SCRIPTS = [INFRA / "mlflow/serve.sh", INFRA / "slurm/probeline.sbatch"]
LAUNCHERS = sorted((INFRA / "ray").glob("*.yaml"))
KUBERAY = sorted((INFRA / "kuberay").glob("*.yaml"))


def tool(name: str, *words: object) -> subprocess.CompletedProcess:
    """A checker that pip installed beside Python."""
    return subprocess.run([Path(sys.executable).with_name(name), *map(str, words)], capture_output=True, text=True)


def interpolated(text: str) -> str:
    """As compose does first: a variable's default, or a stand-in where it must be set."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    return re.sub(r"\$\{(\w+):\?[^}]*\}", r"value-of-\1", text)


def pods(document: Any) -> list[dict]:
    """Every pod template in a document."""
    if isinstance(document, list):
        return [pod for each in document for pod in pods(each)]
    if not isinstance(document, dict):
        return []
    here = [document["template"]] if "template" in document else []
    return here + [pod for each in document.values() for pod in pods(each)]


def strictly(schema: Any) -> Any:
    """Kubernetes' dialect of JSON schema, with unknown keys refused as the API server's strict mode does."""
    if isinstance(schema, list):
        return [strictly(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strictly(each) for key, each in schema.items()}
    if made.pop("x-kubernetes-int-or-string", False) is True:
        return {key: each for key, each in made.items() if key not in ("type", "anyOf")}
    if "properties" in made and made.get("type") == "object" and "x-kubernetes-preserve-unknown-fields" not in made:
        made.setdefault("additionalProperties", False)
    return made


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing_in_a_script(script):
    said = tool("shellcheck", "--severity=style", script)
    assert said.returncode == 0, said.stdout + said.stderr
    assert os.access(script, os.X_OK)


def test_hadolint_finds_nothing_in_the_dockerfile():
    said = tool("hadolint", "--no-color", INFRA / "Dockerfile")
    assert said.returncode == 0, said.stdout + said.stderr


def test_what_the_dockerfile_copies_may_enter_the_build():
    allowed = {
        line[1:] for line in (INFRA / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")
    }
    copied = {
        word
        for line in (INFRA / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY")
        for word in line.split()[1:-1]
        if not word.startswith("--")
    }
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("name", ["compose.yaml", "compose.s3.yaml"])
def test_compose_reads_the_file_and_refuses_a_misspelt_key(name):
    from compose_spec import PyCompose

    text = yaml.safe_dump(yaml.safe_load(interpolated((INFRA / name).read_text())))  # resolves merge keys
    PyCompose.from_yaml(text)
    with pytest.raises(ValueError, match="healtcheck"):
        PyCompose.from_yaml(text.replace("healthcheck:", "healtcheck:", 1))


def test_the_two_compose_files_together_name_only_what_is_declared():
    first, second = (yaml.safe_load((INFRA / name).read_text()) for name in ("compose.yaml", "compose.s3.yaml"))
    services = {**first["services"], **second["services"]}
    declared = {**first["volumes"], **second["volumes"]}
    for service in [*first["services"].values(), *second["services"].values()]:
        assert set(service.get("depends_on", {})) <= set(services)
        assert set(service.get("networks", [])) <= set(first["networks"])
        assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= set(declared)


def test_a_published_port_is_this_machines_unless_told():
    services = yaml.safe_load(interpolated((INFRA / "compose.yaml").read_text()))["services"]
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:5000:5000"]


@pytest.mark.parametrize("file", LAUNCHERS, ids=lambda path: path.name)
def test_rays_launcher_takes_the_file(file):
    import ray.autoscaler
    from ray.autoscaler._private.util import prepare_config, validate_config

    described = yaml.safe_load(file.read_text())
    schema = json.loads((Path(ray.autoscaler.__file__).parent / "ray-schema.json").read_text())
    assert [error.message for error in Draft7Validator(schema).iter_errors(described)] == []
    validate_config(prepare_config(described))
    assert list(Draft7Validator(schema).iter_errors({**described, "max_worker": 2}))
    heads = [line for line in described["head_start_ray_commands"] if "--head" in line]
    assert all("--dashboard-host=127.0.0.1" in line for line in heads)


@pytest.mark.parametrize("file", KUBERAY, ids=lambda path: path.name)
def test_kubernetes_takes_every_pod(file):
    import kubernetes_validate

    found = pods(yaml.safe_load(file.read_text()))
    assert len(found) == 2
    for pod in found:
        whole = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, **pod}
        kubernetes_validate.validate(whole, "1.33", strict=True)
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    whole["spec"]["container"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(whole, "1.33", strict=True)


@pytest.mark.parametrize("file", KUBERAY, ids=lambda path: path.name)
def test_kuberay_takes_the_file(file):
    folder = os.environ.get("KUBERAY_CRDS")
    if not folder:
        pytest.skip("KUBERAY_CRDS names no folder of KubeRay's definitions (its repository: helm-chart/*/crds)")
    described = yaml.safe_load(file.read_text())
    definition = yaml.safe_load((Path(folder) / f"ray.io_{described['kind'].lower()}s.yaml").read_text())
    (version,) = [each for each in definition["spec"]["versions"] if each["name"] == "v1"]
    schema = strictly(version["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(described)] == []
    assert list(Draft202012Validator(schema).iter_errors({**described, "spec": {**described["spec"], "unknown": 1}}))
