"""Makes an experiment of so many HTTP actions and probes on a simulated Azure: what a rehearsal asks of it, in turn."""

import json
import urllib.parse
import urllib.request

GROUP = "rg-chat-swedencentral"
ACCOUNT = "oai-prod-swedencentral"
STORE = "appcs-prod-chat"


def post(url, body):
    with urllib.request.urlopen(urllib.request.Request(url, data=body.encode())) as answer:
        return json.load(answer)


def token(line, scope):
    form = {
        "grant_type": "client_credentials",
        "client_id": line["client_id"],
        "client_secret": line["client_secret"],
        "scope": scope,
    }
    url = f"{line['authority']}/{line['tenant']}/oauth2/v2.0/token"
    return post(url, urllib.parse.urlencode(form))["access_token"]


def activities(line):
    """One round: two probes of Resource Manager, a change of a weight, a look at it, a call of the model."""
    arm = {"Authorization": "Bearer " + token(line, "https://management.azure.com/.default")}
    config = {"Authorization": "Bearer " + token(line, "https://azconfig.io/.default")}
    model = {"Authorization": "Bearer " + token(line, "https://cognitiveservices.azure.com/.default")}
    groups = f"{line['arm']}/subscriptions/{line['subscription']}/resourceGroups/{GROUP}"
    account = f"{groups}/providers/Microsoft.CognitiveServices/accounts/{ACCOUNT}"
    key = f"{line['appconfig'][STORE]}/kv/weight-swedencentral?api-version=2023-11-01"
    said = {**config, "Content-Type": "application/json"}
    models = f"{line['openai'][ACCOUNT]}/openai/models?api-version=2024-10-21"
    deployments = f"{account}/deployments?api-version=2024-10-01"
    return [
        ("probe", "GET", f"{account}?api-version=2024-10-01", arm, None),
        ("probe", "GET", deployments, arm, None),
        ("action", "PUT", key, said, {"value": "100"}),
        ("probe", "GET", key, config, None),
        ("probe", "GET", models, model, None),
    ]


def experiment(line, count):
    method = []
    kinds = activities(line)
    for n in range(count):
        kind, verb, url, headers, body = kinds[n % len(kinds)]
        provider = {"type": "http", "url": url, "method": verb, "headers": headers, "timeout": 10}
        if body is not None:
            provider["arguments"] = body
        activity = {"type": kind, "name": f"step-{n}", "provider": provider}
        if kind == "probe":
            activity["tolerance"] = 200
        method.append(activity)
    return {
        "version": "1.0.0",
        "title": "As many HTTP actions and probes as a rehearsal has",
        "description": "On a simulated Azure.",
        "method": method,
    }
