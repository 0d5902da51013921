"""What a cluster would get: rendered as deploy/apply does it, held against Kubernetes' schemas and rules.py.

Run by `.ci/test lint` with the Python of .ci/setup. Each rule is shown what it has to refuse (tampered.py) before it is
believed, and deploy/apply is played through (scenes.py).
"""

import copy
import os
import subprocess
import sys

import kubernetes_validate
import yaml

from rules import IMAGE, ROOT, RULES, known_settings, known_variables
from scenes import SCENES, play_all
from tampered import POD, TAMPERED, setting

# An old one that many clusters still run, and the newest whose schemas are here.
VERSIONS = ["1.32", "1.37"]


def render(overlay, metrics=False):
    """The objects that deploy/apply would apply."""
    environment = {
        "PATH": os.environ["PATH"], "DRY_RUN": "1", "OVERLAY": overlay, "IMAGE": IMAGE, "TAG": "0123abc",
        "GITLAB": "https://gitlab.example.com", "PUBLIC_URL": "https://approvals.example.com",
    }
    if metrics:
        environment["METRICS"] = "1"
    done = subprocess.run([ROOT / "deploy/apply"], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"error: the overlay {overlay} does not render:\n{done.stderr}")
    return list(yaml.safe_load_all(done.stdout))


def schema_faults(objects):
    for one in objects:
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(one, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{one['kind']} {one['metadata']['name']}, Kubernetes {version}: {error.message}"


def main():
    faults = []
    rendered = {overlay: render(overlay) for overlay in ("sqlite", "postgres")}
    for overlay, objects in rendered.items():
        faults += [f"{overlay}: {fault}" for fault in schema_faults(objects)]
        faults += [f"{overlay}: {rule.__name__}: {fault}" for rule in RULES for fault in rule(objects, overlay)]
        with_metrics = render(overlay, metrics=True)
        faults += [f"{overlay} with metrics: {fault}" for fault in schema_faults(with_metrics)]
        # Before the program knows the setting, an overlay with the component is not for use.
        rules = [rule for rule in RULES if rule is not known_settings or "APPROVAL_METRICS_LISTEN" in known_variables()]
        faults += [f"{overlay} with metrics: {fault}" for rule in rules for fault in rule(with_metrics, overlay)]
        print(f"==> {overlay}: {len(objects)} objects fit Kubernetes {' and '.join(VERSIONS)}", file=sys.stderr)

    for number, (rule, overlay, tamper) in enumerate(TAMPERED):
        objects = copy.deepcopy(rendered[overlay])
        tamper(objects)
        if not list(rule(objects, overlay)):
            faults.append(f"{rule.__name__} does not notice what TAMPERED[{number}] does")
    unproven = {rule.__name__ for rule in RULES} - {rule.__name__ for rule, _, _ in TAMPERED}
    faults += [f"{name} was never shown what it has to refuse" for name in unproven]
    broken = copy.deepcopy(rendered["sqlite"])
    setting((*POD, "container"), [])(broken)
    if not list(schema_faults(broken)):
        faults.append("the schemas do not notice a field that does not exist")

    faults += play_all()
    if faults:
        sys.exit("".join(f"error: {fault}\n" for fault in faults))
    print(f"==> manifests: {len(RULES)} rules hold and refuse {len(TAMPERED)} faults; deploy/apply: {len(SCENES)} scenes", file=sys.stderr)


main()
