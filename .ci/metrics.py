"""Compares docs/metrics.md, which says what the service exports, with the alerts and the dashboard that use it.

Run by `.ci/test lint`; needs promtool and the Python of .ci/setup.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "deploy/observability"
# Given to every series by Prometheus itself.
SCRAPED = {"job", "instance"}


def documented(text):
    """Name -> (type, {label: values}), from the tables of docs/metrics.md."""
    tables = text.split("<!-- metrics:")[1].split("<!-- end of metrics -->")[0]
    metrics = {}
    for line in tables.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("| `"):
            continue
        name, kind, labels, scope, meaning = cells
        values = {}
        for part in labels.split(";"):
            words = re.findall(r"`([^`]+)`", part)
            if words:
                values[words[0]] = set(words[1:])
        metrics[name.strip("`")] = (kind.split(":")[0], values, scope, meaning)
    return metrics


def faults_of_names(metrics):
    """https://prometheus.io/docs/practices/naming/"""
    for name, (kind, labels, scope, meaning) in metrics.items():
        if kind not in ("counter", "gauge", "histogram") or scope not in ("process", "database") or not meaning:
            yield f"{name}: its line is not complete"
        if (kind == "counter") != name.endswith("_total"):
            yield f"{name}: counters end in _total, and nothing else does"
        if kind == "histogram" and not name.endswith("_seconds"):
            yield f"{name}: a histogram without a unit"
        if not re.fullmatch(r"(approval_app|process)_[a-z_]+", name) or re.search(r"_(ms|minutes|kb|percent)(_|$)", name):
            yield f"{name}: not a name by the conventions"
        if set(labels) & (SCRAPED | {"project", "user", "sha"}):
            yield f"{name}: labels {sorted(labels)}"


def series(metrics):
    """Every name that Prometheus knows -> (labels with values, whether it counts up)."""
    for name, (kind, labels, *_) in metrics.items():
        if kind != "histogram":
            yield name, (labels, kind == "counter")
            continue
        for end, more in (("_bucket", {"le": set()}), ("_sum", {}), ("_count", {})):
            yield name + end, (labels | more, True)


def faults_of(expression, known):
    """What an expression takes for granted and the service does not export."""
    for function, name, selector, window in re.findall(
        r"(?:(\w+)\()?\b((?:approval_app|process)_\w+)(?:\{([^}]*)\})?(\[[^\]]+\])?", expression
    ):
        if name not in known:
            yield f"there is no {name} in: {expression}"
            continue
        labels, counts = known[name]
        if counts and not window or not counts and function in ("rate", "increase"):
            yield f"{name} {'only goes up' if counts else 'goes up and down'}: {expression}"
        for label, operator, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', selector):
            values = labels.get(label)
            if values is None and label not in SCRAPED:
                yield f"{name} has no label {label}: {expression}"
            for word in value.split("|") if values else []:
                if word not in values:
                    yield f"{name} has no {label} {word}: {expression}"
    names = re.findall(r"\b((?:approval_app|process)_\w+)", expression)
    grouped = {label for group in re.findall(r"by \(([^)]*)\)", expression) for label in re.split(r",\s*", group)}
    possible = SCRAPED.union(*(known[name][0] for name in names if name in known))
    for label in grouped - possible:
        yield f"nothing to group by {label}: {expression}"


def faults_of_dashboard(dashboard):
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    if len({panel["id"] for panel in dashboard["panels"]}) != len(dashboard["panels"]):
        yield "two panels have the same id"
    taken = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        if cells & taken or at["x"] + at["w"] > 24:
            yield f"the panel {panel['title']} lies on another one"
        taken |= cells
    for panel in panels:
        if panel["datasource"]["uid"] != "${datasource}" or not panel["targets"]:
            yield f"the panel {panel['title']} asks nobody, or not the chosen data source"


def syntax(expressions):
    """promtool reads rules only, so each expression becomes one."""
    expressions = [one.replace("$__rate_interval", "5m") for one in expressions]
    rules = [{"record": f"panel:{number}", "expr": one} for number, one in enumerate(expressions)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}, file)
        file.flush()
        done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True)
    return [] if done.returncode == 0 else [done.stderr.strip()]


def main():
    metrics = documented((ROOT / "docs/metrics.md").read_text())
    known = dict(series(metrics))
    alerts = [rule for group in yaml.safe_load((PLACE / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
    dashboard = json.loads((PLACE / "dashboard.json").read_text())
    panels = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    expressions = [rule["expr"] for rule in alerts] + panels

    faults = [*faults_of_names(metrics), *faults_of_dashboard(dashboard), *syntax(panels)]
    faults += [fault for one in expressions for fault in faults_of(one, known)]
    for name in metrics:
        if not any(re.search(rf"\b{name}(_bucket|_count|_sum)?\b", one) for one in expressions):
            faults.append(f"{name} is neither on the dashboard nor in an alert")
    guide = (ROOT / "docs/operations.md").read_text()
    tested = (PLACE / "alerts_test.yml").read_text()
    for rule in alerts:
        if f"**{rule['alert']}**" not in guide:
            faults.append(f"docs/operations.md does not say what to do about {rule['alert']}")
        if f"alertname: {rule['alert']}\n" not in tested:
            faults.append(f"{rule['alert']} was never seen to fire in alerts_test.yml")

    # What these checks have to refuse.
    for wrong in (
        "approval_app_call_total", "rate(approval_app_checks[5m])", "approval_app_calls_total",
        'rate(approval_app_calls_total{result="lost"}[5m])', 'approval_app_checks{project="1"}',
        "sum by (project) (approval_app_checks)", "approval_app_call_duration_seconds",
    ):
        if not list(faults_of(wrong, known)):
            faults.append(f"nobody notices what is wrong with {wrong}")
    if not syntax(["sum(approval_app_checks"]):
        faults.append("nobody notices an expression that promtool does not read")

    if faults:
        sys.exit("".join(f"error: {fault}\n" for fault in faults))
    print(f"==> metrics: {len(metrics)} documented, {len(alerts)} alerts and {len(panels)} expressions use them", file=sys.stderr)


main()
