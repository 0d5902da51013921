"""deploy/apply, played through against a stand-in for kubectl that breaks one thing at a time."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from rules import IMAGE, ROOT

STAND_IN = """#!/bin/sh
echo "$*" >>"$CALLS"
case " $* " in
    *" kustomize "*) exec "$REAL" "$@" ;;
    *" use-context "*) [ "$BROKEN" != context ] ;;
    *" get namespace "*) [ "$BROKEN" = namespace ] || echo namespace/approval-app ;;
    *" get secret $BROKEN "*) [ -z "$FORBIDDEN" ] ;;
    *" get secret "*) echo c2VjcmV0 ;;
    *" rollout "*) [ "$BROKEN" != rollout ] ;;
    *" get service "*) echo 192.0.2.7 ;;
    *" apply "*) if [ "$2" = -f ]; then cat >/dev/null; fi ;;
esac
"""

# What is broken, the overlay, the exit code, what is said, whether anything is applied.
SCENES = [
    ("", "sqlite", 0, "", True),
    ("", "postgres", 0, "", True),
    ("variable", "sqlite", 78, "KUBE_CONTEXT is not set", False),
    ("context", "sqlite", 78, "ci_access", False),
    ("namespace", "sqlite", 78, "kubectl create namespace approval-app", False),
    ("gitlab-token", "sqlite", 78, "kubectl create secret generic gitlab-token -n approval-app --from-literal=token=", False),
    ("gitlab-token forbidden", "sqlite", 0, "could not be looked at", True),
    ("approval-app-database", "postgres", 78, "--from-literal=url=postgres://", False),
    ("approval-app-database", "sqlite", 0, "", True),
    ("approval-app-key", "postgres", 78, "openssl rand -hex 32", False),
    ("rollout", "sqlite", 1, "does not become ready", True),
    ("", "mysql", 78, "there is no overlay 'mysql'", False),
]


def play(scene, folder):
    broken, overlay, code, words, applies = scene
    broken, forbidden = (broken.split() + ["", ""])[:2]
    calls, url = folder / "calls", folder / "url"
    calls.write_text("")
    url.unlink(missing_ok=True)
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls), "REAL": shutil.which("kubectl"), "BROKEN": broken,
        "FORBIDDEN": forbidden, "OVERLAY": overlay, "IMAGE": IMAGE, "TAG": "1", "GITLAB": "https://gitlab.example.com",
        "KUBE_CONTEXT": "" if broken == "variable" else "group/agents:production", "URL_FILE": url.name, "CI_JOB_ID": "1",
    }
    done = subprocess.run([ROOT / "deploy/apply"], env=environment, cwd=folder, capture_output=True, text=True)
    if done.returncode != code or words not in done.stderr:
        yield f"with {scene[0] or 'nothing'} broken, deploy/apply {overlay} ended with {done.returncode}: {done.stderr}"
    if ("apply -k " in calls.read_text()) != applies:
        yield f"with {scene[0] or 'nothing'} broken, deploy/apply {overlay} has applied what it should not, or nothing"
    if code == 0 and url.read_text() != "APP_URL=http://192.0.2.7/approval-apps/\n":
        yield "deploy/apply did not say where the app is"


def play_all():
    with tempfile.TemporaryDirectory() as folder:
        stand_in = Path(folder, "kubectl")
        stand_in.write_text(STAND_IN)
        stand_in.chmod(0o755)
        for scene in SCENES:
            yield from play(scene, Path(folder))
