"""Which calls of Hopsworks' client does the contract server answer, and with what?

It keeps what it is given and gives it back: descriptions of feature groups and feature views by name, rows of the
online store under their primary key, the last to arrive. Numbers and versions are counted up. It joins nothing, filters
nothing, compares no times and computes no feature; a query that asks for that is refused (400). A call that is not in
the table below is answered 404, as by a server that never heard of it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from contract_store import NO_GROUP, NO_VIEW, Kept, Refused

PROJECT, STORE, CREATED = 119, 67, "2024-03-09T00:00:00Z"  # the numbers of the only project and its feature store
AVRO = {"bigint": "long", "int": "int", "double": "double", "string": "string"}
# What the client insists on for a table that does not lie in Hopsworks' own file system. Ours lies in a local folder.
CONNECTOR = {
    "type": "featurestoreS3ConnectorDTO", "id": 3, "name": "files", "featurestoreId": STORE,
    "storageConnectorType": "S3", "bucket": "files",
}  # fmt: skip


class Asked(NamedTuple):
    """A call, taken apart: the parts of its path that vary, its query and its body."""

    parts: dict[str, str]
    query: dict[str, str]
    body: Any


class Secrets(NamedTuple):
    """What a client is given when it has shown its key."""

    host: str
    domain: str  # of the query service's certificate
    certificate: str  # PEM, authority and server in one
    key: str  # PEM
    bootstrap: str  # of Kafka


def avro(group: dict[str, Any]) -> dict[str, Any]:
    """The Avro schema of a feature group's rows, as the client must encode them."""
    types = {"timestamp": {"type": "long", "logicalType": "timestamp-micros"}} | AVRO
    fields = [{"name": one["name"], "type": ["null", types[one["type"]]]} for one in group["features"]]
    return {"type": "record", "name": f"{group['name']}_{group['version']}", "namespace": "taxi", "fields": fields}


class Calls:
    """The answers. Each is named as the client's calls are: method and path, with {} for what varies in it."""

    def __init__(self, kept: Kept, secrets: Secrets, folder: Path, arrived: Callable[[], None]):
        self.kept, self.secrets, self.folder = kept, secrets, folder
        self.arrived = arrived  # takes what has come by Kafka
        base = "project/{project}/featurestores/{store}"
        group, view = f"{base}/featuregroups/{{group}}", f"{base}/featureview/{{view}}/version/{{version}}"
        self.table: dict[str, Callable[[Asked], Any]] = {
            "GET variables/versions": lambda _: [{"software": "hopsworks", "version": "5.2.1"}],
            "GET variables/{name}": self.variable,
            "GET project": lambda _: [{"project": self.project(), "user": {"username": "course", "email": ""}}],
            "GET project/getProjectInfo/{name}": lambda _: self.project(),
            "GET project/{project}/credentials": self.credentials,
            f"GET {base}": self.store,
            f"POST {base}/featuregroups": self.new_group,
            f"GET {base}/featuregroups/{{name}}": self.groups,
            f"GET {group}/expectationsuite": lambda _: {"count": 0},
            f"POST {group}/commits": lambda asked: self.kept.put("commit", asked.body) | {"href": ""},
            f"POST {group}/online_ingestion": self.new_ingestion,
            f"GET {group}/online_ingestion": self.ingestion,
            f"GET {base}/kafka/subjects/{{subject}}/versions/latest": self.subject,
            f"GET {base}/storageconnectors/kafka_connector/byok": self.kafka,
            f"PUT {base.rpartition('/')[0]}/query": self.query,
            f"POST {base}/featureview": self.new_view,
            f"GET {view}": self.view,
            f"GET {view}/provenance/links": self.links,
            "GET 0.1.0/ping": lambda _: None,
            "POST 0.1.0/batch_feature_store": self.vectors,
        }

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[str, Any]:
        """The name of the call, and what it is answered. Raises Refused."""
        for call, function in self.table.items():
            verb, _, template = call.partition(" ")
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
            if verb == method and (found := re.fullmatch(pattern, path)):
                told = function(Asked(found.groupdict(), query, body))
                self.kept.note(call)
                return call, told
        raise Refused(404, 1, f"{method} {path} is no call that this contract server knows")

    def project(self) -> dict[str, Any]:
        """The only project."""
        return {
            "projectId": PROJECT, "id": PROJECT, "projectName": "taxi", "name": "taxi", "owner": "course",
            "description": "", "created": CREATED, "services": [], "datasets": [], "projectTeam": [],
        }  # fmt: skip

    def variable(self, asked: Asked) -> Any:
        """Where the cluster's other services are: here, all of them, at the ports that the client knows."""
        known = {"enable_flyingduck": "true", "service_discovery_domain": self.secrets.domain}
        if asked.parts["name"].startswith("loadbalancer_external_domain_"):
            return {"successMessage": self.secrets.host}
        if asked.parts["name"] not in known:
            raise Refused(404, 1, f"no variable is called {asked.parts['name']}")
        return {"successMessage": known[asked.parts["name"]]}

    def credentials(self, _: Asked) -> Any:
        """The certificate by which the client knows the servers, and they the client."""
        nothing = base64.b64encode(b"none").decode()  # Java's formats of the same, which this client does not read
        secrets = self.secrets
        return {
            "kStore": nothing, "tStore": nothing, "password": "none", "caChain": secrets.certificate,
            "clientCert": secrets.certificate, "clientKey": secrets.key,
        }  # fmt: skip

    def store(self, _: Asked) -> Any:
        """The project's feature store, by name or number."""
        return {
            "featurestoreId": STORE, "featurestoreName": "taxi_featurestore", "created": CREATED,
            "projectName": "taxi", "projectId": PROJECT, "offlineFeaturestoreName": "taxi_featurestore",
            "onlineEnabled": True, "onlineFeaturestoreName": "taxi", "numFeatureGroups": 0,
        }  # fmt: skip

    def new_group(self, asked: Asked) -> Any:
        """A feature group, in the version asked for or the next."""
        same = [one["version"] for one in self.kept.all("feature group") if one["name"] == asked.body["name"]]
        version = asked.body.get("version") or max(same, default=0) + 1
        group = self.kept.put("feature group", {"type": "cachedFeaturegroupDTO"} | asked.body | {"version": version})
        group |= {
            "featurestoreId": STORE, "featurestoreName": "taxi_featurestore", "created": CREATED,
            "location": (self.folder / f"{group['name']}_{version}").as_uri(),
            "onlineTopicName": f"{PROJECT}_{group['id']}_{group['name']}_{version}_onlinefs",
            "storageConnector": CONNECTOR, "dataSource": {"storageConnector": CONNECTOR},
        }  # fmt: skip
        self.kept.change("feature group", group)
        return group

    def groups(self, asked: Asked) -> Any:
        """The feature groups of a name, or the one with that version too."""
        same = [one for one in self.kept.all("feature group") if one["name"] == asked.parts["name"]]
        found = [one for one in same if asked.query.get("version", str(one["version"])) == str(one["version"])]
        if not found:
            raise Refused(404, NO_GROUP, f"no feature group is called {asked.parts['name']}")
        return found

    def subject(self, asked: Asked) -> Any:
        """The schema of the rows that come by Kafka."""
        for group in self.kept.all("feature group"):
            if asked.parts["subject"] == f"{group['name']}_{group['version']}":
                return {
                    "id": group["id"],
                    "subject": asked.parts["subject"],
                    "version": 1,
                    "schema": json.dumps(avro(group)),
                }
        raise Refused(404, 1, f"no schema is called {asked.parts['subject']}")

    def kafka(self, _: Asked) -> Any:
        """Where rows for the online store are sent."""
        return {
            "type": "featurestoreKafkaConnectorDTO", "id": 9, "name": "kafka_connector", "featurestoreId": STORE,
            "storageConnectorType": "KAFKA", "bootstrapServers": self.secrets.bootstrap,
            "securityProtocol": "PLAINTEXT", "options": [], "sslEndpointIdentificationAlgorithm": "https",
            "externalKafka": True,
        }  # fmt: skip

    def new_ingestion(self, asked: Asked) -> Any:
        """The announcement that rows will come."""
        return self.kept.put("ingestion", {"numEntries": asked.body.get("numEntries"), "rows": 0})

    def ingestion(self, asked: Asked) -> Any:
        """How many of the announced rows have come, and lie in the online store."""
        self.arrived()
        one = self.kept.get("ingestion", asked.query["filter_by"].rpartition(":")[2])
        results = [{"onlineIngestionId": one["id"], "status": "UPSERTED", "rows": one["rows"]}]
        return {"count": 1, "items": [{"id": one["id"], "numEntries": one["numEntries"], "results": results}]}

    def query(self, asked: Asked) -> Any:
        """A ticket for all rows of one feature group: the query service here reads, and does nothing else."""
        if asked.body.get("joins") or asked.body.get("filter"):
            raise Refused(400, 1, "this is a contract server: it joins nothing and filters nothing")
        wanted = {
            "feature_group": asked.body["leftFeatureGroup"]["id"],
            "columns": [one["name"] for one in asked.body["leftFeatures"]],
        }
        return {
            "query": "", "queryOnline": "", "onDemandFeatureGroups": [], "hudiCachedFeatureGroups": [],
            "hqsPayload": json.dumps(wanted), "hqsPayloadSignature": "",
        }  # fmt: skip

    def new_view(self, asked: Asked) -> Any:
        """A feature view, with the columns and keys of the one feature group that it is made of."""
        query = asked.body["query"]
        if query.get("joins"):
            raise Refused(400, 1, "this is a contract server: it joins nothing")
        same = [one["version"] for one in self.kept.all("feature view") if one["name"] == asked.body["name"]]
        group = self.kept.get("feature group", query["leftFeatureGroup"]["id"])
        features = [
            {"name": one["name"], "type": one["type"], "index": number, "label": False,
             "featureGroupFeatureName": one["name"], "featuregroup": group}
            for number, one in enumerate(query["leftFeatures"])
        ]  # fmt: skip
        keys = [
            {"featureName": one["name"], "joinIndex": 0, "prefix": "", "required": True, "featureGroup": group}
            for one in group["features"] if one.get("primary")
        ]  # fmt: skip
        told = {
            "version": asked.body.get("version") or max(same, default=0) + 1, "type": "featureViewDTO",
            "features": features, "servingKeys": keys, "created": CREATED, "featurestoreId": STORE,
            "featurestoreName": "taxi_featurestore",
        }  # fmt: skip
        return self.kept.put("feature view", asked.body | told)

    def view(self, asked: Asked) -> Any:
        """A feature view by name and version."""
        return self._view(asked.parts["view"], asked.parts["version"])

    def _view(self, name: str, version: Any) -> dict[str, Any]:
        for one in self.kept.all("feature view"):
            if one["name"] == name and str(one["version"]) == str(version):
                return one
        raise Refused(404, NO_VIEW, f"no feature view is called {name} {version}")

    def links(self, asked: Asked) -> Any:
        """What a feature view is made of."""
        group = self.view(asked)["query"]["leftFeatureGroup"]["id"]
        node = {
            "artifact": self.kept.get("feature group", group), "artifactType": "FEATURE_GROUP", "deleted": False,
            "accessible": True,
        }  # fmt: skip
        return {"count": 1, "upstream": [{"node": node, "upstream": [], "downstream": []}], "downstream": []}

    def vectors(self, asked: Asked) -> Any:
        """The rows that are online under the keys asked for, as they came."""
        view = self._view(asked.body["featureViewName"], asked.body["featureViewVersion"])
        group = view["query"]["leftFeatureGroup"]["id"]
        names = [one["name"] for one in view["features"]]
        rows = [self.kept.row(group, key) for key in asked.body["entries"]]
        return {
            "features": [
                [(row or key).get(name) for name in names]
                for row, key in zip(rows, asked.body["entries"], strict=True)
            ],
            "status": ["COMPLETE" if row else "MISSING" for row in rows],
            "detailedStatus": [[{"featureGroupId": group, "httpStatus": 200 if row else 404}] for row in rows],
            "metadata": None,
        }  # fmt: skip
