"""The functions as plain Knative Services, for a cluster without func: made from each func.yaml, which alone is edited.

Writes `services/<name>.yaml` and their kustomization beside this file. What func.yaml cannot say, the seconds that one
request may take, stands in its annotation cutwater.dev/timeout-seconds, and is set here as in `make deploy`.

usage: python -m infra.knative.services [--check]
       --check  write nothing; fail where a file is not what its func.yaml says
"""

import re
import sys
from pathlib import Path
from typing import Any, TypeAlias

import yaml

Json: TypeAlias = dict[str, Any]  # YAML as parsed

ROOT = Path(__file__).parent.parent.parent
FOLDER = Path(__file__).parent / "services"
TIMEOUT = "cutwater.dev/timeout-seconds"
IMAGE = "cutwater"
"""What stands in for the image; Kustomize's `images` puts the real one in."""

SOURCE = re.compile(r"\{\{\s*(configMap|secret):([^:\s]+)\s*\}\}")
SCALE = {
    "min": "min-scale",
    "max": "max-scale",
    "metric": "metric",
    "target": "target",
    "utilization": "target-utilization-percentage",
}
RESTRICTED: Json = {
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""The same that func sets: it fits the `restricted` pod security standard and OpenShift's restricted-v2."""


def function_files(root: Path = ROOT) -> list[Path]:
    """Every func.yaml that deploys something, by path."""
    return sorted((root / "functions").rglob("func.yaml"))


def service(function: Json) -> Json:
    """The Knative Service that `func deploy` would make of a func.yaml."""
    deploy = function["deploy"]
    labels = {label["key"]: label.get("value", "") for label in deploy.get("labels", ())}
    annotations = dict(deploy.get("annotations", {}))
    scale = {f"autoscaling.knative.dev/{SCALE[k]}": str(v) for k, v in deploy["options"].get("scale", {}).items()}
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": function["name"], "namespace": "cutwater", "labels": labels, "annotations": annotations},
        "spec": {
            "template": {
                "metadata": {"labels": labels, "annotations": annotations | scale},
                "spec": _pod(function),
            }
        },
    }


def _pod(function: Json) -> Json:
    deploy, run = function["deploy"], function["run"]
    limits = dict(deploy["options"]["resources"]["limits"])
    seconds = int(deploy.get("annotations", {}).get(TIMEOUT, 0))
    timeouts = {"timeoutSeconds": seconds, "responseStartTimeoutSeconds": seconds} if seconds else {}
    volumes = [_volume(volume) for volume in run["volumes"]]
    return {
        "serviceAccountName": deploy["serviceAccountName"],
        "containerConcurrency": limits.pop("concurrency"),
        **timeouts,
        "containers": [
            {
                "image": IMAGE,
                "env": [{"name": env["name"], "value": env["value"]} for env in run["envs"] if "name" in env],
                "envFrom": [_source(env["value"]) for env in run["envs"] if "name" not in env],
                "livenessProbe": {"httpGet": {"path": "/health/liveness", "port": 8080}},
                "readinessProbe": {"httpGet": {"path": "/health/readiness", "port": 8080}},
                "resources": {"requests": dict(deploy["options"]["resources"]["requests"]), "limits": limits},
                "securityContext": RESTRICTED,
                "volumeMounts": [
                    {"name": made["name"], "mountPath": volume["path"], "readOnly": True}
                    for volume, made in zip(run["volumes"], volumes, strict=True)
                ],
            }
        ],
        "volumes": volumes,
    }


def _source(value: str) -> Json:
    """All variables of a ConfigMap or Secret. Raises ValueError for what func would refuse."""
    found = SOURCE.fullmatch(value)
    if not found:
        raise ValueError(f'"{value}" names neither a ConfigMap nor a Secret')
    kind, name = found.groups()
    return {f"{kind}Ref": {"name": name}}


def _volume(volume: Json) -> Json:
    if "secret" in volume:
        return {"name": f"secret-{volume['secret']}", "secret": {"secretName": volume["secret"]}}
    return {"name": f"config-map-{volume['configMap']}", "configMap": {"name": volume["configMap"]}}


class _Plain(yaml.SafeDumper):
    """YAML without anchors: each place says in full what stands there."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def files(root: Path = ROOT) -> dict[str, str]:
    """The content of each file of services/, by name."""
    made = {}
    for path in function_files(root):
        found = service(yaml.safe_load(path.read_text()))
        header = f"# Made from {path.relative_to(root)} by `make manifests`.\n"
        made[f"{found['metadata']['name']}.yaml"] = header + yaml.dump(found, Dumper=_Plain, sort_keys=False)
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(made),
    }
    header = "# All functions. An overlay that takes them in names the real image: images: [{name: cutwater, ...}].\n"
    return made | {"kustomization.yaml": header + yaml.dump(kustomization, Dumper=_Plain, sort_keys=False)}


def stale(root: Path = ROOT) -> list[str]:
    """The names of the files that are not what the func.yaml files say."""
    folder, wanted = root / FOLDER.relative_to(ROOT), files(root)
    present = {path.name: path.read_text() for path in folder.glob("*.yaml")}
    return sorted(name for name in {*wanted, *present} if wanted.get(name) != present.get(name))


def main() -> None:
    names = stale()
    if "--check" in sys.argv:
        if names:
            sys.exit(
                f"infra/knative/services: not what func.yaml says: {', '.join(names)} (`make manifests` writes them)"
            )
        return
    wanted = files()
    for name in names:
        if name in wanted:
            (FOLDER / name).write_text(wanted[name])
        else:
            (FOLDER / name).unlink()


if __name__ == "__main__":
    main()
