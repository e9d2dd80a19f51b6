"""The database behind the API servers, asked by itself: what they would tell the agents later, or not any more."""

import base64
import http.client
import json

from cluster_lab import namespaces
from cluster_lab.kubernetes import control_plane
from lab_under_test import LAB


def _ask(what, question):
    connection = http.client.HTTPConnection("127.0.0.1", 2379, timeout=10.0)
    try:
        with namespaces.inside(LAB.namespace(control_plane.NAME)):
            connection.connect()
        connection.request("POST", f"/v3/kv/{what}", json.dumps(question))
        answer = connection.getresponse()
        body = answer.read().decode()
        if answer.status != 200:
            raise AssertionError(f"etcd says {answer.status} to {what}: {body}")
        return json.loads(body)
    finally:
        connection.close()


def _key(path):
    return base64.b64encode(f"/registry/{path}".encode()).decode()


def delete(path):
    """Deletes an object, as an API server would at last: `path` is KIND/NAMESPACE/NAME."""
    deleted = int(_ask("deleterange", {"key": _key(path)}).get("deleted", 0))
    if deleted != 1:
        raise AssertionError(f"etcd has no {path}")


def compact():
    """Forgets every version but the newest."""
    revision = _ask("range", {"key": _key("namespaces/default")})["header"]["revision"]
    _ask("compaction", {"revision": revision, "physical": True})
