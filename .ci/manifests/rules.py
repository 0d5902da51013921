"""The rules for what a cluster gets: each takes the objects and the overlay's name, and yields what is wrong."""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGE = "registry.example.com/approval-app"
NAME = "approval-app"


def known_variables():
    """The variables that the program reads: it refuses to start when it finds another APPROVAL_ one."""
    text = "".join(path.read_text() for path in (ROOT / "backend/src").rglob("*.rs"))
    names = set(re.findall(r'\benv = "(APPROVAL_[A-Z0-9_]+)"', text))
    if "APPROVAL_LISTEN" not in names:
        sys.exit("error: .ci/manifests no longer finds the settings in backend/src; mend known_variables()")
    return names


def stopping_time():
    """Seconds that the server takes to stop at most, from backend/src/server.rs; loops end meanwhile."""
    text = (ROOT / "backend/src/server.rs").read_text()
    grace = re.search(r"const GRACE: u64 = (\d+);", text)
    notice = re.search(r"const NOTICE: Duration = Duration::from_millis\((\d+)\);", text)
    if not grace or not notice:
        sys.exit("error: .ci/manifests no longer finds GRACE and NOTICE in backend/src/server.rs")
    return int(grace[1]) + int(notice[1]) / 1000


# --- Finding one's way -------------------------------------------------------------------------------------------------

def named(objects, kind, name=NAME):
    found = [one for one in objects if one["kind"] == kind and one["metadata"]["name"] == name]
    return found[0] if found else {}


def pod(objects):
    return named(objects, "Deployment")["spec"]["template"]["spec"]


def container(objects):
    return pod(objects)["containers"][0]


def config(objects):
    return next(one for one in objects if one["kind"] == "ConfigMap")


def variables(objects):
    for one in container(objects)["env"]:
        yield one["name"], one
    for name in config(objects)["data"]:
        yield name, None


# --- The rules: (objects, overlay) -> what is wrong ------------------------------------------------------------------

def names_of_the_tutorial(objects, overlay):
    """What a person who followed the tutorial looks for."""
    if not named(objects, "Namespace"):
        yield "there is no namespace approval-app"
    for one in objects:
        if one["kind"] != "Namespace" and one["metadata"].get("namespace") != NAME:
            yield f"{one['kind']} {one['metadata']['name']} is not in the namespace approval-app"
    service = named(objects, "Service")
    if service.get("spec", {}).get("type") != "LoadBalancer" or service["spec"]["ports"][0]["port"] != 80:
        yield "there is no service approval-app of type LoadBalancer on port 80"
    token = dict(variables(objects)).get("APPROVAL_GITLAB_TOKEN") or {}
    wanted = {"name": "gitlab-token", "key": "token"}
    if token.get("valueFrom", {}).get("secretKeyRef") != wanted:
        yield "APPROVAL_GITLAB_TOKEN does not come from the key token of the secret gitlab-token"
    mounts = {mount["mountPath"] for mount in container(objects)["volumeMounts"]}
    if "/app/instance" not in mounts:
        yield "instance/ below the working directory is not writable"


def pods_are_found(objects, overlay):
    """Everything that selects pods selects these."""
    labels = named(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
    selectors = {"Service": named(objects, "Service")["spec"]["selector"]}
    selectors["Deployment"] = named(objects, "Deployment")["spec"]["selector"]["matchLabels"]
    for one in objects:
        if one["kind"] == "NetworkPolicy":
            selectors[f"NetworkPolicy {one['metadata']['name']}"] = one["spec"]["podSelector"]["matchLabels"]
        if one["kind"] == "PodDisruptionBudget":
            selectors["PodDisruptionBudget"] = one["spec"]["selector"]["matchLabels"]
    for spread in pod(objects).get("topologySpreadConstraints", []):
        selectors[spread["topologyKey"]] = spread["labelSelector"]["matchLabels"]
    for what, selector in selectors.items():
        if not selector.items() <= labels.items():
            yield f"{what} selects {selector}, but the pods are {labels}"
    ports = {port["name"] for port in container(objects)["ports"]}
    for port in named(objects, "Service")["spec"]["ports"]:
        if port["targetPort"] not in ports:
            yield f"the service leads to a port {port['targetPort']} that the pods do not have"


def restricted(objects, overlay):
    """Pod security's profile "restricted", and a read-only root besides."""
    labels = named(objects, "Namespace")["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        if labels.get(f"pod-security.kubernetes.io/{mode}") != "restricted":
            yield f"the namespace does not {mode} the profile restricted"
    spec = pod(objects)
    for key in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"):
        if spec.get(key):
            yield f"the pod has {key}"
    for volume in spec["volumes"]:
        if not set(volume) - {"name"} <= {"emptyDir", "persistentVolumeClaim", "secret", "configMap", "projected"}:
            yield f"the volume {volume['name']} is of a kind that is not allowed"
    security = spec.get("securityContext", {})
    if not security.get("runAsNonRoot") or not security.get("runAsUser"):
        yield "the pod may run as root"
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "the pod has no seccomp profile RuntimeDefault"
    for one in spec["containers"] + spec.get("initContainers", []):
        own = one.get("securityContext", {})
        if own.get("allowPrivilegeEscalation") is not False:
            yield f"{one['name']} may gain privileges"
        if own.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{one['name']} keeps capabilities"
        if own.get("readOnlyRootFilesystem") is not True:
            yield f"{one['name']} may write to its root"
        if own.get("privileged") or own.get("runAsUser") == 0 or own.get("runAsNonRoot") is False:
            yield f"{one['name']} is privileged"
        if any("hostPort" in port for port in one.get("ports", [])):
            yield f"{one['name']} takes a port of the node"


def no_token_of_kubernetes(objects, overlay):
    """The app never talks to Kubernetes."""
    spec = pod(objects)
    if spec.get("automountServiceAccountToken") is not False:
        yield "the pod mounts a token of its service account"
    account = named(objects, "ServiceAccount", spec.get("serviceAccountName"))
    if account.get("automountServiceAccountToken") is not False:
        yield "the pod has no service account of its own without a token"
    if spec.get("enableServiceLinks") is not False:
        yield "Kubernetes would set variables APPROVAL_APP_…, and the app would not start"


def probes(objects, overlay):
    """On the health endpoints, at the port that the app listens on."""
    one = container(objects)
    ports = {port["name"]: port["containerPort"] for port in one["ports"]}
    for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        asked = one.get(probe, {}).get("httpGet", {})
        if asked != {"path": path, "port": "http"}:
            yield f"{probe} does not ask {path}"
    if config(objects)["data"].get("APPROVAL_LISTEN") != f"0.0.0.0:{ports.get('http')}":
        yield "the app does not listen where the probes ask"


def resources(objects, overlay):
    """Something is asked for, and memory has an end."""
    for one in pod(objects)["containers"]:
        given = one.get("resources", {})
        for path in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
            if path[1] not in given.get(path[0], {}):
                yield f"{one['name']} has no {path[0]}.{path[1]}"


def known_settings(objects, overlay):
    """The app refuses to start when it finds a variable that it does not know."""
    known = known_variables()
    for name, _ in variables(objects):
        if name.startswith("APPROVAL_") and name not in known:
            yield f"there is no setting {name}"
    secret = {"APPROVAL_GITLAB_TOKEN", "APPROVAL_HMAC_SECRET", "APPROVAL_DATABASE_URL", "APPROVAL_SECRET_KEY"}
    for name, one in variables(objects):
        if name in secret and (one is None or "value" in one):
            yield f"{name} stands in the manifest in clear"


def pinned_image(objects, overlay):
    """The pipeline's commit, and nothing that moves."""
    if container(objects)["image"] != f"{IMAGE}:0123abc":
        yield f"the image is {container(objects)['image']}"


def time_to_stop(objects, overlay):
    """Kubernetes kills no process that still stops in order."""
    before = container(objects).get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["", "0"])
    needed = float(before[-1]) + stopping_time() + 5
    if pod(objects).get("terminationGracePeriodSeconds", 30) < needed:
        yield f"stopping may take {needed} seconds, and the pod is killed before"


def network(objects, overlay):
    """Both directions are closed but for what is named, and the way to the database is open."""
    policy = named(objects, "NetworkPolicy").get("spec", {})
    if sorted(policy.get("policyTypes", [])) != ["Egress", "Ingress"]:
        yield "the network policy does not cover both directions"
        return
    if any("ports" not in rule for rule in policy["ingress"] + policy["egress"]):
        yield "a rule of the network policy opens all ports"
    open_ports = {port["port"] for rule in policy["egress"] for port in rule.get("ports", [])}
    wanted = {53, 80, 443} | ({5432} if overlay == "postgres" else set())
    if open_ports != wanted:
        yield f"the app may reach the ports {sorted(open_ports)} instead of {sorted(wanted)}"
    for rule in policy["egress"]:
        blocks = {peer["ipBlock"]["cidr"]: peer["ipBlock"] for peer in rule.get("to", []) if "ipBlock" in peer}
        if "0.0.0.0/0" in blocks and "169.254.0.0/16" not in blocks["0.0.0.0/0"].get("except", []):
            yield "the app may reach the cloud's metadata service"


def replicas(objects, overlay):
    """SQLite: one process and its volume. PostgreSQL: several, none missing while they change."""
    spec = named(objects, "Deployment")["spec"]
    volumes = {volume["name"]: volume for volume in pod(objects)["volumes"]}
    if overlay == "sqlite":
        claim = volumes["instance"].get("persistentVolumeClaim", {}).get("claimName")
        if spec.get("replicas") != 1 or spec.get("strategy") != {"type": "Recreate"}:
            yield "more than one process could have the SQLite file"
        if not named(objects, "PersistentVolumeClaim", claim):
            yield "the SQLite file is not on a volume that stays"
        return
    if spec.get("replicas", 1) < 2 or spec["strategy"].get("rollingUpdate", {}).get("maxUnavailable") != 0:
        yield "there are moments without a second replica"
    if named(objects, "PodDisruptionBudget").get("spec", {}).get("maxUnavailable") != 1:
        yield "a drain may take all replicas at once"
    if not pod(objects).get("topologySpreadConstraints"):
        yield "all replicas may land on one node"
    given = dict(variables(objects))
    database = (given.get("APPROVAL_DATABASE_URL") or {}).get("valueFrom", {}).get("secretKeyRef")
    if database != {"name": "approval-app-database", "key": "url"}:
        yield "APPROVAL_DATABASE_URL does not come from the secret approval-app-database"
    path = (given.get("APPROVAL_SECRET_KEY_FILE") or {}).get("value", "")
    mounted = {mount["mountPath"]: volumes[mount["name"]] for mount in container(objects)["volumeMounts"]}
    secret = mounted.get(os.path.dirname(path), {}).get("secret", {})
    if secret.get("secretName") != "approval-app-key" or secret["items"][0]["path"] != os.path.basename(path):
        yield "the replicas do not share the key of the secret approval-app-key"
    if "preStop" not in container(objects).get("lifecycle", {}):
        yield "a pod that goes refuses calls which load balancers still send"


RULES = [
    names_of_the_tutorial, pods_are_found, restricted, no_token_of_kubernetes, probes, resources, known_settings,
    pinned_image, time_to_stop, network, replicas,
]
