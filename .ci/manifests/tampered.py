"""What each rule has to refuse; a rule that is shown nothing is not believed."""

from rules import (
    config, known_settings, named, names_of_the_tutorial, network, no_token_of_kubernetes, pinned_image, pods_are_found,
    probes, replicas, resources, restricted, time_to_stop,
)


def setting(path, value):
    """Sets one value; the path begins with the kind and goes on with keys and numbers."""
    def tamper(objects):
        place = named(objects, path[0]) if path[0] != "ConfigMap" else config(objects)
        for step in path[1:-1]:
            place = place[step]
        if value is None:
            del place[path[-1]]
        else:
            place[path[-1]] = value
    return tamper


def without(kind):
    def tamper(objects):
        objects[:] = [one for one in objects if one["kind"] != kind]
    return tamper


POD = ("Deployment", "spec", "template", "spec")
BOX = (*POD, "containers", 0)
TAMPERED = [
    (names_of_the_tutorial, "sqlite", setting(("Service", "spec", "type"), "ClusterIP")),
    (names_of_the_tutorial, "sqlite", setting(("Service", "metadata", "namespace"), "default")),
    (names_of_the_tutorial, "sqlite", setting(("Namespace", "metadata", "name"), "approvals")),
    (names_of_the_tutorial, "sqlite", setting((*BOX, "env", 0, "valueFrom", "secretKeyRef", "name"), "token")),
    (names_of_the_tutorial, "sqlite", setting((*BOX, "volumeMounts", 0, "mountPath"), "/data")),
    (pods_are_found, "sqlite", setting(("Service", "spec", "selector"), {"app": "approval-app"})),
    (pods_are_found, "sqlite", setting(("Service", "spec", "ports", 0, "targetPort"), "web")),
    (pods_are_found, "postgres", setting(("PodDisruptionBudget", "spec", "selector", "matchLabels"), {"a": "b"})),
    (pods_are_found, "sqlite", setting(("NetworkPolicy", "spec", "podSelector", "matchLabels"), {"a": "b"})),
    (pods_are_found, "postgres", setting(
        (*POD, "topologySpreadConstraints", 0, "labelSelector", "matchLabels"), {"a": "b"})),
    (restricted, "sqlite", setting(("Namespace", "metadata", "labels"), {})),
    (restricted, "sqlite", setting((*POD, "hostNetwork"), True)),
    (restricted, "sqlite", setting((*POD, "volumes", 1, "hostPath"), {"path": "/"})),
    (restricted, "sqlite", setting((*POD, "securityContext", "runAsNonRoot"), None)),
    (restricted, "sqlite", setting((*POD, "securityContext", "seccompProfile"), None)),
    (restricted, "sqlite", setting((*BOX, "securityContext", "allowPrivilegeEscalation"), None)),
    (restricted, "sqlite", setting((*BOX, "securityContext", "capabilities"), {"drop": ["NET_RAW"]})),
    (restricted, "sqlite", setting((*BOX, "securityContext", "readOnlyRootFilesystem"), False)),
    (restricted, "sqlite", setting((*BOX, "securityContext", "privileged"), True)),
    (restricted, "sqlite", setting((*BOX, "ports", 0, "hostPort"), 80)),
    (no_token_of_kubernetes, "sqlite", setting((*POD, "automountServiceAccountToken"), None)),
    (no_token_of_kubernetes, "sqlite", setting(("ServiceAccount", "automountServiceAccountToken"), True)),
    (no_token_of_kubernetes, "sqlite", setting((*POD, "serviceAccountName"), "default")),
    (no_token_of_kubernetes, "sqlite", setting((*POD, "enableServiceLinks"), None)),
    (probes, "sqlite", setting((*BOX, "startupProbe"), None)),
    (probes, "sqlite", setting((*BOX, "livenessProbe", "httpGet", "path"), "/readyz")),
    (probes, "sqlite", setting((*BOX, "readinessProbe", "httpGet", "path"), "/livez")),
    (probes, "sqlite", setting(("ConfigMap", "data", "APPROVAL_LISTEN"), "127.0.0.1:8080")),
    (resources, "sqlite", setting((*BOX, "resources", "requests", "cpu"), None)),
    (resources, "sqlite", setting((*BOX, "resources", "limits", "memory"), None)),
    (known_settings, "sqlite", setting(("ConfigMap", "data", "APPROVAL_GITLAB"), "https://gitlab.example.com")),
    (known_settings, "sqlite", setting((*BOX, "env", 0, "name"), "APPROVAL_TOKEN")),
    (known_settings, "sqlite", setting(("ConfigMap", "data", "APPROVAL_HMAC_SECRET"), "secret")),
    (pinned_image, "sqlite", setting((*BOX, "image"), "registry.example.com/approval-app:latest")),
    (time_to_stop, "sqlite", setting((*POD, "terminationGracePeriodSeconds"), None)),
    (time_to_stop, "postgres", setting((*POD, "terminationGracePeriodSeconds"), 45)),
    (network, "sqlite", without("NetworkPolicy")),
    (network, "sqlite", setting(("NetworkPolicy", "spec", "policyTypes"), ["Ingress"])),
    (network, "sqlite", setting(("NetworkPolicy", "spec", "egress", 0, "ports"), None)),
    (network, "sqlite", setting(("NetworkPolicy", "spec", "egress", 1, "ports", 0, "port"), 22)),
    (network, "postgres", setting(("NetworkPolicy", "spec", "egress", 1, "ports", 2), {"port": 3306})),
    (network, "sqlite", setting(("NetworkPolicy", "spec", "egress", 1, "to", 0, "ipBlock", "except"), None)),
    (replicas, "sqlite", setting(("Deployment", "spec", "replicas"), 2)),
    (replicas, "sqlite", setting(("Deployment", "spec", "strategy"), {"type": "RollingUpdate"})),
    (replicas, "sqlite", without("PersistentVolumeClaim")),
    (replicas, "postgres", setting(("Deployment", "spec", "replicas"), 1)),
    (replicas, "postgres", setting(("Deployment", "spec", "strategy", "rollingUpdate", "maxUnavailable"), 1)),
    (replicas, "postgres", without("PodDisruptionBudget")),
    (replicas, "postgres", setting((*POD, "topologySpreadConstraints"), None)),
    (replicas, "postgres", setting((*BOX, "env", 0, "valueFrom", "secretKeyRef", "key"), "password")),
    (replicas, "postgres", setting((*BOX, "env", 1, "value"), "/run/secrets/other/secret.key")),
    (replicas, "postgres", setting((*BOX, "lifecycle"), None)),
]
