"""The simulated Azure, asked by Microsoft's command-line client. What it refuses is a defect of the simulator.

    az.py LINE HOME

LINE is a file with the JSON line that `lifeboat simulate … --https` printed, HOME an empty folder for the client's settings.
Every command stands in the table below: name → words → what its JSON must be, or the words of the error expected.
"""

import json
import os
import subprocess
import sys
import time

EAST, WEST, SHARED, LOST = "rg-sandbox-eastus", "rg-sandbox-westeurope", "rg-sandbox-shared", "rg-sandbox-recovery"
TEMPLATE = """// A comment, as people write them.
{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": { "account": { "type": "string" } },
  "resources": [
    {
      "type": "Microsoft.CognitiveServices/accounts",
      "apiVersion": "2025-06-01",
      "name": "[parameters('account')]",
      "location": "[resourceGroup().location]",
      "kind": "OpenAI",
      "sku": { "name": "S0" },
      "properties": { "customSubDomainName": "[parameters('account')]" }
    }
  ],
  "outputs": { "name": { "type": "string", "value": "[toUpper(parameters('account'))]" } }
}
"""


def names(answer):
    return [x["name"] for x in answer]


def has(*wanted):
    return lambda a: set(wanted) <= set(names(a))


def where(**wanted):
    return lambda a: all(a[k] == v for k, v in wanted.items())


def silent(a):
    return a is None


def says(words):
    """The command fails with these words."""
    return words


def table(line, home):
    template = os.path.join(home, "template.json")
    with open(template, "w", encoding="utf-8") as f:
        f.write(TEMPLATE)
    deploy = f"deployment group {{}} -g {WEST} -n from-az --template-file {template} --parameters account=oai-from-az"
    return [
        ("cloud register", f"cloud register -n lifeboat --endpoint-resource-manager {line['arm']}", silent),
        ("cloud set", "cloud set -n lifeboat", silent),
        ("login with a wrong secret", f"login --service-principal -u {line['client_id']} -p wrong --tenant {line['tenant']}", says("AADSTS7000215")),
        ("login", f"login --service-principal -u {line['client_id']} -p {line['client_secret']} --tenant {line['tenant']}",
         lambda a: [x["id"] for x in a] == line["subscriptions"]),
        ("account list", "account list", lambda a: a[0]["tenantId"] == line["tenant"]),
        ("account list-locations", "account list-locations", has("eastus", "westeurope")),
        ("account get-access-token", "account get-access-token", lambda a: a["tokenType"] == "Bearer"),
        ("group list", "group list", has(EAST, WEST, SHARED)),
        ("group create", "group create -n rg-from-az -l eastus --tags by=az", lambda a: a["tags"] == {"by": "az"}),
        ("group exists", "group exists -n rg-from-az", lambda a: a is True),
        ("group show of none", "group show -n rg-none", says("ResourceGroupNotFound")),
        ("resource list", "resource list", has("oai-sandbox-eastus", "appcs-sandbox", "tm-sandbox")),
        ("resource show", f"resource show -g {EAST} -n oai-sandbox-eastus --resource-type Microsoft.CognitiveServices/accounts --api-version 2025-06-01",
         where(kind="OpenAI")),
        ("cognitiveservices account list", "cognitiveservices account list", has("oai-sandbox-eastus", "oai-sandbox-westeurope")),
        ("cognitiveservices account show", f"cognitiveservices account show -g {EAST} -n oai-sandbox-eastus", where(location="eastus")),
        ("cognitiveservices account keys list", f"cognitiveservices account keys list -g {EAST} -n oai-sandbox-eastus", lambda a: a["key1"] != a["key2"]),
        ("cognitiveservices account deployment list", f"cognitiveservices account deployment list -g {EAST} -n oai-sandbox-eastus", has("chat", "embed")),
        ("cognitiveservices account deployment create",
         f"cognitiveservices account deployment create -g {WEST} -n oai-sandbox-westeurope --deployment-name chat --model-name gpt-4o --model-version 2024-11-20"
         " --model-format OpenAI --sku-name Standard --sku-capacity 5", where(name="chat")),
        ("cognitiveservices account list-deleted", "cognitiveservices account list-deleted", has("oai-sandbox-lost")),
        ("cognitiveservices account recover", f"cognitiveservices account recover -g {LOST} -n oai-sandbox-lost -l eastus", lambda a: a is None or a["name"] == "oai-sandbox-lost"),
        ("cognitiveservices usage list", "cognitiveservices usage list -l eastus", lambda a: len(a) > 0),
        ("keyvault list", "keyvault list", has("kv-hub-contoso")),
        ("keyvault show", "keyvault show -g rg-ml-eastus -n kv-ml-eastus", where(name="kv-ml-eastus")),
        ("keyvault list-deleted", "keyvault list-deleted", has("kv-sandbox-lost")),
        ("keyvault recover", "keyvault recover -n kv-sandbox-lost -l eastus", where(name="kv-sandbox-lost")),
        ("storage account list", "storage account list", has("sthubdata")),
        ("storage account show", "storage account show -g rg-hub-shared -n sthubdata --expand geoReplicationStats", lambda a: a["geoReplicationStats"]["canFailover"] is True),
        ("storage account failover", "storage account failover -g rg-hub-shared -n sthubdata --yes", silent),
        ("storage account show afterwards", "storage account show -g rg-hub-shared -n sthubdata", where(primaryLocation="westus")),
        ("network traffic-manager profile list", "network traffic-manager profile list", has("tm-sandbox")),
        ("network traffic-manager profile update", f"network traffic-manager profile update -g {SHARED} -n tm-sandbox --ttl 30", lambda a: a["dnsConfig"]["ttl"] == 30),
        ("network traffic-manager endpoint update",
         f"network traffic-manager endpoint update -g {SHARED} --profile-name tm-sandbox -n oai-sandbox-eastus --type externalEndpoints --endpoint-status Disabled",
         where(endpointStatus="Disabled")),
        ("deployment group what-if", deploy.format("what-if") + " --no-pretty-print", lambda a: "Create" in [x["changeType"] for x in a["changes"]]),
        ("deployment group create", deploy.format("create"), lambda a: a["properties"]["outputs"]["name"]["value"] == "OAI-FROM-AZ"),
        ("deployment group list", f"deployment group list -g {WEST}", has("from-az")),
        ("deployment operation group list", f"deployment operation group list -g {WEST} -n from-az", lambda a: len(a) == 1),
        ("provider show", "provider show -n Microsoft.KeyVault", where(registrationState="Registered")),
        ("group delete", "group delete -n rg-from-az --yes", silent),
        ("group delete of a locked one", f"group delete -n {SHARED} --yes", says("ScopeLocked")),
        ("logout", "logout", silent),
    ]


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        line = json.load(f)
    home = sys.argv[2]
    settings = {
        "AZURE_CONFIG_DIR": os.path.join(home, "az"),
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "AZURE_CORE_NO_COLOR": "true",
        "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
        "REQUESTS_CA_BUNDLE": line["ca"],
        "PYTHONWARNINGS": "ignore",
    }
    os.environ.update(settings)
    good = total = 0
    for name, words, wanted in table(line, home):
        begun = time.monotonic()
        said = subprocess.run([sys.executable, "-m", "azure.cli", *words.split(), "-o", "json"], capture_output=True, text=True, timeout=180, check=False)
        problem = None
        if isinstance(wanted, str):
            if said.returncode == 0 or wanted not in said.stderr:
                problem = f"expected the error {wanted}; exit code {said.returncode}: {said.stderr or said.stdout}"
        elif said.returncode != 0:
            problem = f"exit code {said.returncode}: {said.stderr}"
        else:
            try:
                answer = json.loads(said.stdout) if said.stdout.strip() else None
                if not wanted(answer):
                    problem = f"answered {said.stdout}"
            except Exception as e:  # noqa: BLE001 the line below is what the test shows
                problem = f"{type(e).__name__}: {e}; answered {said.stdout}"
        total += 1
        good += problem is None
        print(f"{'FAILED' if problem else 'ok'}  az: {name}  ({time.monotonic() - begun:.1f} s)", flush=True)
        if problem:
            print(f"        {' '.join(problem.split())[-1500:]}", flush=True)
    print(f"{good} of {total} calls", flush=True)
    return 0 if good == total else 1


if __name__ == "__main__":
    sys.exit(main())
