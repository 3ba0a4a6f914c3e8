"""The simulated Azure, asked by Microsoft's own Python packages. What they refuse is a defect of the simulator.

    sdk.py LINE [HURRIED]

LINE is a file with the JSON line that `lifeboat simulate … --https` printed; HURRIED that of a second simulator whose clock
runs so fast that a token expires within seconds. Every call stands in a table below: name → call → what its answer must be.
One line is printed for each; the exit code is 1 if one of them failed.
"""

import json
import ssl
import sys
import time
import traceback

import openai
from azure.appconfiguration import AzureAppConfigurationClient, ConfigurationSetting
from azure.core import MatchConditions
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.identity import ClientSecretCredential, get_bearer_token_provider
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.mgmt.resourcehealth import ResourceHealthMgmtClient
from azure.mgmt.storage import StorageManagementClient
from azure.mgmt.trafficmanager import TrafficManagerManagementClient

ARM = "https://management.azure.com/.default"
MODELS = "https://cognitiveservices.azure.com/.default"
EAST, WEST, SHARED, LOST = "rg-sandbox-eastus", "rg-sandbox-westeurope", "rg-sandbox-shared", "rg-sandbox-recovery"
ACCOUNT, OTHER = "oai-sandbox-eastus", "oai-sandbox-westeurope"


class Garbage:
    """A credential whose tokens nobody issued."""

    def get_token(self, *scopes, **_):
        return AccessToken("bm90.YQ.token", int(time.time()) + 3600)


class Fixed:
    """A credential with one token, whatever is asked for."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *scopes, **_):
        return AccessToken(self.token, int(time.time()) + 3600)


class Context:
    """The clients, and what one call hands to a later one."""

    def __init__(self, line):
        self.line = line
        self.sub = line["subscriptions"][0]
        self.kept = {}
        self.credential = self.sign_in(line["client_secret"])
        self.subscriptions = SubscriptionClient(self.credential, **self.where())
        self.resources = self.client(ResourceManagementClient)
        self.deployments = self.client(DeploymentsMgmtClient)
        self.ai = self.client(CognitiveServicesManagementClient)
        self.vaults = self.client(KeyVaultManagementClient)
        self.storage = self.client(StorageManagementClient)
        self.traffic = self.client(TrafficManagerManagementClient)
        self.health = self.client(ResourceHealthMgmtClient)
        self.store = AzureAppConfigurationClient(line["appconfig"]["appcs-sandbox"], self.credential, connection_verify=line["ca"])

    def sign_in(self, secret, tenant=None, client=None):
        return ClientSecretCredential(
            tenant or self.line["tenant"],
            client or self.line["client_id"],
            secret,
            authority=self.line["authority"],
            disable_instance_discovery=True,
            connection_verify=self.line["ca"],
        )

    def where(self):
        return dict(base_url=self.line["arm"], connection_verify=self.line["ca"], polling_interval=1, credential_scopes=[ARM])

    def client(self, kind, credential=None, subscription=None):
        return kind(credential or self.credential, subscription or self.sub, **self.where())

    def model(self, **more):
        trust = openai.DefaultHttpxClient(verify=ssl.create_default_context(cafile=self.line["ca"]))
        url = self.line["openai"][ACCOUNT]
        return openai.AzureOpenAI(azure_endpoint=url, api_version="2024-10-21", http_client=trust, max_retries=0, **more)

    def keep(self, name, value):
        self.kept[name] = value
        return value

    def wait(self, name):
        poller = self.kept[name]
        answer = poller.result(120)
        assert poller.status() == "Succeeded", poller.status()
        return answer

    def group(self, name):
        return f"/subscriptions/{self.sub}/resourceGroups/{name}"

    def id(self, group, kind, name):
        return f"/subscriptions/{self.sub}/resourceGroups/{group}/providers/{kind}/{name}"


def refused(kind, status, code):
    """The answer is this error of the client's."""

    def check(answer, _):
        assert isinstance(answer, kind), f"expected {kind.__name__}, got {answer!r}"
        assert answer.status_code == status, f"status {answer.status_code}: {answer}"
        own = answer.error.code if answer.error else None
        assert own == code, f"code {own}: {answer}"

    return check


def names(answer):
    return [x.name for x in answer]


def holds(*wanted):
    """The list has these names."""

    def check(answer, _):
        missing = set(wanted) - set(names(answer))
        assert not missing, f"{sorted(missing)} missing in {names(answer)}"

    return check


def is_(**wanted):
    """The answer has these attributes; `a__b` is attribute b of a."""

    def check(answer, _):
        for path, value in wanted.items():
            own = answer
            for part in path.split("__"):
                own = own[part] if isinstance(own, dict) else getattr(own, part)
            assert own == value, f"{path} is {own!r}, not {value!r}"

    return check


def fails(call):
    """What a call of another library raises, as an answer."""
    try:
        return call()
    except openai.APIStatusError as e:
        return e


def so(answer, _=None):
    assert answer, repr(answer)


def nothing(answer, _=None):
    assert answer is None, repr(answer)


TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {
        "account": {"type": "string"},
        "capacity": {"type": "int", "defaultValue": 10},
        "place": {"type": "string", "defaultValue": "[resourceGroup().location]"},
    },
    "variables": {"model": "gpt-4o"},
    "resources": [
        {
            "type": "Microsoft.CognitiveServices/accounts",
            "apiVersion": "2025-06-01",
            "name": "[parameters('account')]",
            "location": "[parameters('place')]",
            "kind": "OpenAI",
            "sku": {"name": "S0"},
            "properties": {"customSubDomainName": "[parameters('account')]"},
        },
        {
            "type": "Microsoft.CognitiveServices/accounts/deployments",
            "apiVersion": "2025-06-01",
            "name": "[format('{0}/{1}', parameters('account'), 'chat')]",
            "sku": {"name": "Standard", "capacity": "[parameters('capacity')]"},
            "properties": {"model": {"format": "OpenAI", "name": "[variables('model')]", "version": "2024-11-20"}},
            "dependsOn": ["[resourceId('Microsoft.CognitiveServices/accounts', parameters('account'))]"],
        },
    ],
    "outputs": {
        "endpoint": {
            "type": "string",
            "value": "[reference(resourceId('Microsoft.CognitiveServices/accounts', parameters('account'))).endpoint]",
        }
    },
}


def template(account, **more):
    values = {"account": {"value": account}} if account else {}
    return {"properties": {"mode": "Incremental", "template": TEMPLATE, "parameters": values, **more}}


NEW_ACCOUNT = {"location": "eastus", "kind": "OpenAI", "sku": {"name": "S0"}, "identity": {"type": "SystemAssigned"},
               "properties": {"customSubDomainName": "ai-conformity"}}
CHAT = {"sku": {"name": "Standard", "capacity": 5}, "properties": {"model": {"format": "OpenAI", "name": "gpt-4o", "version": "2024-11-20"}}}
VAULT = {"location": "eastus", "properties": {"sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}}
STORAGE = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_RAGRS"}}
PROFILE = {
    "location": "global",
    "properties": {
        "trafficRoutingMethod": "Priority",
        "dnsConfig": {"relativeName": "tm-conformity", "ttl": 30},
        "monitorConfig": {"protocol": "HTTPS", "port": 443, "path": "/"},
        "endpoints": [],
    },
}
WIDE = {**CHAT, "sku": {"name": "GlobalStandard", "capacity": 20}, "tags": {"by": "suite"}}
POLICY = {"properties": {"accessPolicies": [
    {"tenantId": "00000000-0000-4000-8000-0000000000aa", "objectId": "11111111-0000-4000-8000-00000000000b", "permissions": {"secrets": ["get", "list"]}}]}}
EXTERNAL = {"properties": {"target": "www.contoso.com", "endpointStatus": "Enabled", "priority": 2, "endpointLocation": "eastus"}}


def vault(c, **more):
    return {"location": VAULT["location"], "properties": {**VAULT["properties"], "tenantId": c.line["tenant"], **more}}


IDENTITY = [
    ("a token for ARM", lambda c: c.credential.get_token(ARM), lambda a, c: so(a.token.count(".") == 2 and a.expires_on > time.time() + 3000)),
    ("a wrong secret", lambda c: c.sign_in("wrong").get_token(ARM), lambda a, c: so(isinstance(a, ClientAuthenticationError) and "AADSTS7000215" in str(a))),
    ("an unknown application", lambda c: c.sign_in("x", client="11111111-0000-4000-8000-000000000000").get_token(ARM),
     lambda a, c: so(isinstance(a, ClientAuthenticationError) and "AADSTS700016" in str(a))),
    ("an unknown tenant", lambda c: c.sign_in("x", tenant="99999999-0000-4000-8000-000000000000").get_token(ARM),
     lambda a, c: so(isinstance(a, Exception))),
    ("a token of nobody", lambda c: list(c.client(ResourceManagementClient, Garbage()).resource_groups.list()),
     refused(ClientAuthenticationError, 401, "InvalidAuthenticationToken")),
    ("a token for the models", lambda c: list(c.client(ResourceManagementClient, Fixed(c.credential.get_token(MODELS).token)).resource_groups.list()),
     refused(ClientAuthenticationError, 401, "InvalidAuthenticationTokenAudience")),
    ("a token for what nobody knows", lambda c: c.credential.get_token("https://nothing.example.org/.default"),
     lambda a, c: so(isinstance(a, ClientAuthenticationError) and "AADSTS500011" in str(a))),
]

RESOURCE = [
    ("subscriptions.list", lambda c: list(c.subscriptions.subscriptions.list()),
     lambda a, c: so([s.subscription_id for s in a] == c.line["subscriptions"])),
    ("subscriptions.get", lambda c: c.subscriptions.subscriptions.get(c.sub), is_(state="Enabled", display_name="sandbox")),
    ("subscriptions.list_locations", lambda c: list(c.subscriptions.subscriptions.list_locations(c.sub)),
     lambda a, c: so({"eastus", "westeurope"} <= set(names(a)) and [x for x in a if x.name == "eastus"][0].metadata.paired_region[0].name == "westus")),
    ("tenants.list", lambda c: list(c.subscriptions.tenants.list()), lambda a, c: so([t.tenant_id for t in a] == [c.line["tenant"]])),
    ("subscriptions.get of a foreign one", lambda c: c.subscriptions.subscriptions.get("11111111-0000-4000-8000-000000000000"),
     refused(ResourceNotFoundError, 404, "SubscriptionNotFound")),
    ("providers.list", lambda c: list(c.resources.providers.list()),
     lambda a, c: so({"Microsoft.CognitiveServices", "Microsoft.KeyVault", "Microsoft.Storage"} <= {p.namespace for p in a})),
    ("providers.get_at_tenant_scope", lambda c: c.resources.providers.get_at_tenant_scope("Microsoft.KeyVault"),
     lambda a, c: so("2026-05-15" in [t for t in a.resource_types if t.resource_type == "vaults"][0].api_versions)),
    ("providers.unregister", lambda c: c.resources.providers.unregister("Microsoft.Search"), is_(registration_state="NotRegistered")),
    ("providers.register", lambda c: c.resources.providers.register("Microsoft.Search"), is_(registration_state="Registered")),
    ("provider_resource_types.list", lambda c: c.resources.provider_resource_types.list("Microsoft.Storage"),
     lambda a, c: so("storageAccounts" in [t.resource_type for t in a.value])),
    ("providers.get", lambda c: c.resources.providers.get("Microsoft.Resources"), is_(registration_state="Registered")),
    ("providers.get of a retired one", lambda c: c.resources.providers.get("Microsoft.Nothing"),
     refused(ResourceNotFoundError, 404, "InvalidResourceNamespace")),
    ("resource_groups.list", lambda c: list(c.resources.resource_groups.list()), holds(EAST, WEST, SHARED)),
    ("resource_groups.list in pages", lambda c: c.keep("pages", list(c.resources.resource_groups.list(top=4).by_page())),
     lambda a, c: so(len(a) > 3 and sum(len(list(p)) for p in a[:1]) == 4)),
    ("resource_groups.get", lambda c: c.resources.resource_groups.get(EAST), is_(location="eastus", properties__provisioning_state="Succeeded")),
    ("resource_groups.get of none", lambda c: c.resources.resource_groups.get("rg-none"), refused(ResourceNotFoundError, 404, "ResourceGroupNotFound")),
    ("resource_groups.check_existence", lambda c: (c.resources.resource_groups.check_existence(EAST), c.resources.resource_groups.check_existence("rg-none")),
     lambda a, c: so(a == (True, False))),
    ("resource_groups.create_or_update", lambda c: c.resources.resource_groups.create_or_update("rg-conformity", {"location": "eastus", "tags": {"by": "test"}}),
     is_(name="rg-conformity", location="eastus", properties__provisioning_state="Succeeded")),
    ("resource_groups.update", lambda c: c.resources.resource_groups.update("rg-conformity", {"tags": {"by": "suite"}}), is_(tags={"by": "suite"})),
    ("resource_groups.list filtered", lambda c: list(c.resources.resource_groups.list(filter="tagName eq 'by' and tagValue eq 'suite'")),
     lambda a, c: so(names(a) == ["rg-conformity"])),
    ("tags.create_or_update_at_scope", lambda c: c.resources.tags.begin_create_or_update_at_scope(c.group("rg-conformity"), {"properties": {"tags": {"by": "tags"}}}).result(30),
     is_(properties__tags={"by": "tags"})),
    ("tags.update_at_scope", lambda c: c.resources.tags.begin_update_at_scope(c.group("rg-conformity"), {"operation": "Merge", "properties": {"tags": {"more": "1"}}}).result(30),
     is_(properties__tags={"by": "tags", "more": "1"})),
    ("tags.get_at_scope of a resource", lambda c: c.resources.tags.get_at_scope(c.id(EAST, "Microsoft.CognitiveServices/accounts", ACCOUNT)), is_(name="default")),
    ("tags.list", lambda c: list(c.resources.tags.list()), lambda a, c: so("more" in [t.tag_name for t in a])),
    ("tags.delete_at_scope", lambda c: c.resources.tags.begin_delete_at_scope(c.group("rg-conformity")).result(30), nothing),
    ("resource_groups.export_template", lambda c: c.resources.resource_groups.begin_export_template(EAST, {"resources": ["*"]}).result(30),
     lambda a, c: so(ACCOUNT in [r["name"] for r in a.template["resources"]])),
    ("resources.validate_move_resources", lambda c: c.resources.resources.begin_validate_move_resources(
        EAST, {"resources": [c.id(EAST, "Microsoft.CognitiveServices/accounts", ACCOUNT)], "targetResourceGroup": c.group(WEST)}).result(30), nothing),
    ("subscriptions.check_zone_peers", lambda c: c.subscriptions.subscriptions.check_zone_peers(c.sub, {"location": "eastus", "subscriptionIds": [f"/subscriptions/{c.sub}"]}),
     lambda a, c: so(len(a.availability_zone_peers) == 3)),
    ("resource_groups.create_or_update elsewhere", lambda c: c.resources.resource_groups.create_or_update("rg-conformity", {"location": "westus"}),
     refused(ResourceExistsError, 409, "InvalidResourceGroupLocation")),
    ("resource_groups.begin_delete of a locked one", lambda c: c.resources.resource_groups.begin_delete(SHARED), refused(HttpResponseError, 409, "ScopeLocked")),
    ("resources.list", lambda c: list(c.resources.resources.list()), holds(ACCOUNT, OTHER, "appcs-sandbox", "tm-sandbox")),
    ("resources.list filtered", lambda c: list(c.resources.resources.list(filter="resourceType eq 'Microsoft.CognitiveServices/accounts' and location eq 'eastus'")),
     lambda a, c: so(ACCOUNT in names(a) and OTHER not in names(a))),
    ("resources.list with either of two filters", lambda c: list(c.resources.resources.list(
        filter="resourceType eq 'Microsoft.CognitiveServices/accounts' or resourceType eq 'Microsoft.KeyVault/vaults'")), holds(ACCOUNT, "kv-ml-eastus")),
    ("resources.list with a function, and with more of each", lambda c: list(c.resources.resources.list(
        filter="substringof('oai-sandbox', name)", expand="createdTime,changedTime,provisioningState")),
     lambda a, c: so({ACCOUNT, OTHER} <= set(names(a)) and "appcs-sandbox" not in names(a) and a[0].created_time and a[0].provisioning_state == "Succeeded")),
    ("resources.check_existence_by_id", lambda c: [c.resources.resources.check_existence_by_id(c.id(g, k, n), api_version="2025-06-01") for g, k, n in [
        (EAST, "Microsoft.CognitiveServices/accounts", ACCOUNT), (EAST, "Microsoft.CognitiveServices/accounts", "oai-none"),
        (SHARED, "Microsoft.AppConfiguration/configurationStores", "appcs-sandbox")]], lambda a, c: so(a == [True, False, True])),
    ("resources.get_by_id with a version of the future", lambda c: c.resources.resources.get_by_id(c.id(EAST, "Microsoft.CognitiveServices/accounts", ACCOUNT), api_version="2099-01-01"),
     refused(HttpResponseError, 400, "NoRegisteredProviderFound")),
    ("resources.begin_create_or_update_by_id of a type that is none", lambda c: c.resources.resources.begin_create_or_update_by_id(
        c.id(EAST, "Microsoft.Storage/nonsense", "x"), {"location": "eastus"}, api_version="2026-04-01"), refused(ResourceNotFoundError, 404, "InvalidResourceType")),
    ("resources.list with a filter of nobody", lambda c: list(c.resources.resources.list(filter="colour eq 'red'")),
     refused(HttpResponseError, 400, "InvalidFilterInQueryString")),
    ("resources.list_by_resource_group", lambda c: list(c.resources.resources.list_by_resource_group(EAST)), holds(ACCOUNT)),
    ("resources.get_by_id", lambda c: c.resources.resources.get_by_id(c.id(EAST, "Microsoft.CognitiveServices/accounts", ACCOUNT), api_version="2025-06-01"),
     is_(kind="OpenAI", location="eastus")),
    ("resources.get_by_id with a nonsense version", lambda c: c.resources.resources.get_by_id(c.id(EAST, "Microsoft.CognitiveServices/accounts", ACCOUNT), api_version="banana"),
     refused(HttpResponseError, 400, "InvalidApiVersionParameter")),
]

DEPLOYMENTS = [
    ("deployments.begin_validate", lambda c: c.deployments.deployments.begin_validate(WEST, "standby", template("oai-template")).result(60),
     is_(properties__provisioning_state="Succeeded")),
    ("deployments.begin_validate without a parameter", lambda c: c.deployments.deployments.begin_validate(WEST, "standby", template(None)).result(60),
     refused(HttpResponseError, 400, "InvalidTemplate")),
    ("deployments.begin_what_if", lambda c: c.keep("what-if", c.deployments.deployments.begin_what_if(WEST, "standby", template("oai-template"))), so),
    ("deployments.begin_what_if of what is there", lambda c: c.keep("what-if-2", c.deployments.deployments.begin_what_if(EAST, "again", template(ACCOUNT))), so),
    ("deployments.begin_create_or_update", lambda c: c.keep("standby", c.deployments.deployments.begin_create_or_update(WEST, "standby", template("oai-template"))), so),
    ("deployments.begin_create_or_update at the subscription",
     lambda c: c.keep("above", c.deployments.deployments.begin_create_or_update_at_subscription_scope("above", {
         "location": "eastus",
         "properties": {"mode": "Incremental", "template": {**TEMPLATE, "parameters": {}, "outputs": {}, "resources": [
             {"type": "Microsoft.Resources/resourceGroups", "apiVersion": "2024-11-01", "name": "rg-from-template", "location": "eastus"}]}},
     })), so),
    ("deployments.begin_create_or_update of an active one", lambda c: c.deployments.deployments.begin_create_or_update(WEST, "standby", template("oai-template")),
     refused(ResourceExistsError, 409, "DeploymentActive")),
    ("what-if: its answer", lambda c: c.wait("what-if"),
     lambda a, c: so({x.change_type for x in a.changes if "oai-template" in x.resource_id} == {"Create"} and any(x.change_type == "Ignore" for x in a.changes))),
    ("what-if: its answer about what is there", lambda c: c.wait("what-if-2"),
     lambda a, c: so({x.resource_id.split("/")[-1]: x.change_type for x in a.changes if x.change_type != "Ignore"} == {ACCOUNT: "NoChange", "chat": "Modify"})),
    ("deployments.list_by_resource_group", lambda c: list(c.deployments.deployments.list_by_resource_group(WEST)), holds("standby")),
    ("deployments.check_existence", lambda c: c.deployments.deployments.check_existence(WEST, "standby"), so),
    ("deployments.get of none", lambda c: c.deployments.deployments.get(WEST, "none"), refused(ResourceNotFoundError, 404, "DeploymentNotFound")),
    ("deployments: a cancelled one", lambda c: (
        c.deployments.deployments.begin_create_or_update(WEST, "stopped", template("oai-stopped"), polling=False),
        c.deployments.deployments.cancel(WEST, "stopped"),
        c.deployments.deployments.get(WEST, "stopped"))[2], is_(properties__provisioning_state="Canceled")),
    ("deployments.cancel of a finished one", lambda c: c.deployments.deployments.cancel(WEST, "stopped"),
     refused(HttpResponseError, 409, "DeploymentCannotBeCancelled")),
]

ACCOUNTS = [
    ("accounts.list", lambda c: list(c.ai.accounts.list()), holds(ACCOUNT, OTHER)),
    ("accounts.list_by_resource_group", lambda c: list(c.ai.accounts.list_by_resource_group(EAST)), lambda a, c: so(names(a) == [ACCOUNT])),
    ("accounts.get", lambda c: c.ai.accounts.get(EAST, ACCOUNT), is_(kind="OpenAI", properties__provisioning_state="Succeeded")),
    ("accounts.get of none", lambda c: c.ai.accounts.get(EAST, "oai-none"), refused(ResourceNotFoundError, 404, "ResourceNotFound")),
    ("accounts.get in no group", lambda c: c.ai.accounts.get("rg-none", ACCOUNT), refused(ResourceNotFoundError, 404, "ResourceGroupNotFound")),
    ("accounts.list_keys", lambda c: c.keep("keys", c.ai.accounts.list_keys(EAST, ACCOUNT)), lambda a, c: so(a.key1 and a.key2 and a.key1 != a.key2)),
    ("accounts.list_skus", lambda c: c.ai.accounts.list_skus(EAST, ACCOUNT), lambda a, c: so(a.value[0].sku.name == "S0")),
    ("accounts.list_models", lambda c: list(c.ai.accounts.list_models(EAST, ACCOUNT)), holds("gpt-4o")),
    ("models.list", lambda c: list(c.ai.models.list("eastus")), lambda a, c: so("gpt-4o" in [m.model.name for m in a])),
    ("usages.list", lambda c: list(c.ai.usages.list("westeurope")), lambda a, c: so("OpenAI.Standard.gpt-4o" in [u.name.value for u in a])),
    ("model_capacities.list", lambda c: list(c.ai.location_based_model_capacities.list("eastus", model_format="OpenAI", model_name="gpt-4o", model_version="2024-11-20")),
     lambda a, c: so(a[0].properties.available_capacity > 0)),
    ("check_domain_availability", lambda c: c.ai.check_domain_availability(subdomain_name=ACCOUNT, type="Microsoft.CognitiveServices/accounts"),
     is_(is_subdomain_available=False)),
    ("deployments.list", lambda c: list(c.ai.deployments.list(EAST, ACCOUNT)), lambda a, c: so(names(a) == ["chat", "embed"])),
    ("resource_skus.list", lambda c: list(c.ai.resource_skus.list()), so),
    ("deployments.get", lambda c: c.ai.deployments.get(EAST, ACCOUNT, "chat"), is_(properties__model__name="gpt-4o", sku__capacity=100)),
    ("deployments.list_skus", lambda c: list(c.ai.deployments.list_skus(EAST, ACCOUNT, "chat")), lambda a, c: so({"Standard", "GlobalStandard"} <= {x.sku.name for x in a})),
    ("operations.list", lambda c: list(c.ai.operations.list()), so),
    ("commitment_tiers.list", lambda c: list(c.ai.commitment_tiers.list("eastus")), lambda a, c: so(a == [])),
    ("accounts.begin_update of none", lambda c: c.ai.accounts.begin_update(EAST, "oai-none", {"tags": {}}), refused(ResourceNotFoundError, 404, "ResourceNotFound")),
    ("deployments.get of none", lambda c: c.ai.deployments.get(EAST, ACCOUNT, "none"), refused(ResourceNotFoundError, 404, "ResourceNotFound")),
    ("accounts.begin_create", lambda c: c.keep("account", c.ai.accounts.begin_create(EAST, "oai-conformity", NEW_ACCOUNT)), so),
    ("accounts.begin_create over a deleted one", lambda c: c.ai.accounts.begin_create(LOST, "oai-sandbox-lost", NEW_ACCOUNT),
     refused(ResourceExistsError, 409, "FlagMustBeSetForRestore")),
    ("deleted_accounts.list", lambda c: list(c.ai.deleted_accounts.list()), holds("oai-sandbox-lost")),
    ("deleted_accounts.get", lambda c: c.ai.deleted_accounts.get("eastus", LOST, "oai-sandbox-lost"), lambda a, c: so(a.properties.scheduled_purge_date)),
    ("accounts.begin_create to recover", lambda c: c.keep("recovered", c.ai.accounts.begin_create(LOST, "oai-sandbox-lost", {"location": "eastus", "properties": {"restore": True}})), so),
    ("deployments.begin_create_or_update", lambda c: c.keep("chat", c.ai.deployments.begin_create_or_update(WEST, OTHER, "chat", CHAT)), so),
    ("deployments.begin_create_or_update of another tier", lambda c: c.keep("wide", c.ai.deployments.begin_create_or_update(WEST, OTHER, "wide", WIDE)), so),
    ("deployments.begin_create_or_update beyond the quota",
     lambda c: c.ai.deployments.begin_create_or_update(WEST, OTHER, "big", {**CHAT, "sku": {"name": "Standard", "capacity": 9000}}),
     refused(HttpResponseError, 400, "InsufficientQuota")),
    ("accounts: created", lambda c: c.wait("account"), is_(name="oai-conformity", properties__provisioning_state="Succeeded", properties__endpoint="https://ai-conformity.openai.azure.com/")),
    ("accounts.get of the new one", lambda c: c.ai.accounts.get(EAST, "oai-conformity"), lambda a, c: so(a.identity.principal_id and a.system_data.created_at)),
    ("accounts: recovered", lambda c: c.wait("recovered"), is_(name="oai-sandbox-lost", properties__provisioning_state="Succeeded")),
    ("deployments: created", lambda c: c.wait("chat"), is_(name="chat", properties__provisioning_state="Succeeded")),
    ("deployments: created in another tier", lambda c: c.wait("wide"), is_(sku__name="GlobalStandard", tags={"by": "suite"})),
    ("accounts.begin_update", lambda c: c.ai.accounts.begin_update(EAST, "oai-conformity", {"tags": {"by": "suite"}}).result(60), is_(tags={"by": "suite"})),
    ("accounts.regenerate_key", lambda c: c.ai.accounts.regenerate_key(EAST, "oai-conformity", key_name="Key1"), lambda a, c: so(a.key1 and a.key2)),
    ("deployments.begin_update", lambda c: c.keep("chat", c.ai.deployments.begin_update(WEST, OTHER, "chat", {"sku": {"name": "Standard", "capacity": 7}})), so),
    ("accounts.begin_delete", lambda c: c.keep("account", c.ai.accounts.begin_delete(EAST, "oai-conformity")), so),
    ("deployments: updated", lambda c: c.wait("chat"), is_(sku__capacity=7)),
    ("deployments.begin_delete", lambda c: c.keep("chat", c.ai.deployments.begin_delete(WEST, OTHER, "chat")), so),
    ("accounts: deleted", lambda c: c.wait("account"), nothing),
    ("deployments: deleted", lambda c: c.wait("chat"), nothing),
    ("deleted_accounts.begin_purge", lambda c: c.ai.deleted_accounts.begin_purge("eastus", EAST, "oai-conformity").result(60), nothing),
    ("deleted_accounts.get of a purged one", lambda c: c.ai.deleted_accounts.get("eastus", EAST, "oai-conformity"), refused(ResourceNotFoundError, 404, "ResourceNotFound")),
]

VAULTS = [
    ("vaults.list", lambda c: list(c.vaults.vaults.list()), holds("kv-hub-contoso", "kv-ml-eastus")),
    ("vaults.list_by_subscription", lambda c: list(c.vaults.vaults.list_by_subscription(top=2)), holds("kv-hub-contoso", "kv-ml-eastus")),
    ("vaults.list_by_resource_group", lambda c: list(c.vaults.vaults.list_by_resource_group("rg-ml-eastus")), holds("kv-ml-eastus")),
    ("vaults.get", lambda c: c.vaults.vaults.get("rg-ml-eastus", "kv-ml-eastus"), is_(properties__enable_rbac_authorization=True)),
    ("vaults.get of none", lambda c: c.vaults.vaults.get(EAST, "kv-none"), refused(ResourceNotFoundError, 404, "ResourceNotFound")),
    ("vaults.check_name_availability", lambda c: c.vaults.vaults.check_name_availability({"name": "kv-sandbox-lost", "type": "Microsoft.KeyVault/vaults"}), is_(name_available=False)),
    ("vaults.begin_create_or_update", lambda c: c.keep("vault", c.vaults.vaults.begin_create_or_update(EAST, "kv-conformity", vault(c))), so),
    ("vaults.begin_create_or_update over a deleted one", lambda c: c.vaults.vaults.begin_create_or_update(LOST, "kv-sandbox-lost", vault(c)),
     lambda a, c: so(isinstance(a, ResourceExistsError) and a.status_code == 409)),
    ("vaults.list_deleted", lambda c: list(c.vaults.vaults.list_deleted()), holds("kv-sandbox-lost")),
    ("vaults.get_deleted", lambda c: c.vaults.vaults.get_deleted("kv-sandbox-lost", "eastus"), is_(properties__purge_protection_enabled=True)),
    ("vaults.get_deleted of none", lambda c: c.vaults.vaults.get_deleted("kv-none", "eastus"), refused(ResourceNotFoundError, 404, "DeletedVaultNotFound")),
    ("vaults.begin_purge_deleted of a protected one", lambda c: c.vaults.vaults.begin_purge_deleted("kv-sandbox-lost", "eastus"), refused(HttpResponseError, 405, "MethodNotAllowed")),
    ("operations.list", lambda c: list(c.vaults.operations.list()), so),
    ("vaults.begin_create_or_update to recover", lambda c: c.keep("recovered-vault", c.vaults.vaults.begin_create_or_update(LOST, "kv-sandbox-lost", vault(c, createMode="recover"))), so),
    ("vaults: created", lambda c: c.wait("vault"), is_(name="kv-conformity")),
    ("vaults: recovered", lambda c: c.wait("recovered-vault"), is_(name="kv-sandbox-lost")),
    ("vaults.update", lambda c: c.vaults.vaults.update(EAST, "kv-conformity", {"tags": {"by": "suite"}}), is_(tags={"by": "suite"})),
    ("vaults.update_access_policy", lambda c: c.vaults.vaults.update_access_policy(EAST, "kv-conformity", "add", POLICY), lambda a, c: so(len(a.properties.access_policies) == 1)),
    ("vaults.get with its policy", lambda c: c.vaults.vaults.get(EAST, "kv-conformity"), lambda a, c: so(a.properties.access_policies[0].permissions.secrets == ["get", "list"])),
    ("secrets.create_or_update", lambda c: c.vaults.secrets.create_or_update(EAST, "kv-conformity", "word", {"properties": {"value": "never told", "contentType": "text/plain"}}),
     lambda a, c: so(a.properties.value is None and a.properties.secret_uri.endswith("/secrets/word") and a.properties.attributes.enabled)),
    ("secrets.get", lambda c: c.vaults.secrets.get(EAST, "kv-conformity", "word"), is_(properties__value=None, properties__content_type="text/plain")),
    ("secrets.list", lambda c: list(c.vaults.secrets.list(EAST, "kv-conformity")), lambda a, c: so(names(a) == ["word"])),
    ("keys.create_if_not_exist", lambda c: c.vaults.keys.create_if_not_exist(EAST, "kv-conformity", "wrap", {"properties": {"kty": "RSA"}}),
     lambda a, c: so(a.properties.key_uri.endswith("/keys/wrap"))),
    ("vaults.delete", lambda c: c.vaults.vaults.delete(EAST, "kv-conformity"), nothing),
    ("vaults.get of a deleted one", lambda c: c.vaults.vaults.get(EAST, "kv-conformity"), refused(ResourceNotFoundError, 404, "ResourceNotFound")),
    ("vaults.list_deleted afterwards", lambda c: list(c.vaults.vaults.list_deleted()),
     lambda a, c: so("kv-conformity" in names(a) and "kv-sandbox-lost" not in names(a))),
]

STORAGES = [
    ("storage_accounts.list", lambda c: list(c.storage.storage_accounts.list()), holds("sthubdata", "stdatacontoso")),
    ("storage_accounts.list_by_resource_group", lambda c: list(c.storage.storage_accounts.list_by_resource_group("rg-hub-shared")), holds("sthubdata")),
    ("storage_accounts.get_properties", lambda c: c.storage.storage_accounts.get_properties("rg-hub-shared", "sthubdata", expand="geoReplicationStats"),
     lambda a, c: so(a.secondary_location == "westus" and a.geo_replication_stats.can_failover)),
    ("storage_accounts.get_properties of none", lambda c: c.storage.storage_accounts.get_properties(EAST, "stnone"), refused(ResourceNotFoundError, 404, "ResourceNotFound")),
    ("storage_accounts.check_name_availability", lambda c: c.storage.storage_accounts.check_name_availability({"name": "sthubdata", "type": "Microsoft.Storage/storageAccounts"}),
     is_(name_available=False)),
    ("storage_accounts.list_keys", lambda c: c.storage.storage_accounts.list_keys("rg-hub-shared", "sthubdata"), lambda a, c: so(a.keys_property[0].key_name == "key1")),
    ("skus.list", lambda c: list(c.storage.skus.list()), lambda a, c: so("Standard_RAGRS" in names(a))),
    ("usages.list_by_location", lambda c: list(c.storage.usages.list_by_location("eastus")), lambda a, c: so(a[0].current_value > 0)),
    ("operations.list", lambda c: list(c.storage.operations.list()), so),
    ("storage_accounts.list_account_sas", lambda c: c.storage.storage_accounts.list_account_sas("rg-hub-shared", "sthubdata", {
        "signedServices": "b", "signedResourceTypes": "s", "signedPermission": "r", "signedExpiry": "2030-01-01T00:00:00Z"}), lambda a, c: so(a.account_sas_token)),
    ("file_services.get_service_properties", lambda c: c.storage.file_services.get_service_properties("rg-hub-shared", "sthubdata"), is_(name="default")),
    ("blob_services.get_service_properties", lambda c: c.storage.blob_services.get_service_properties("rg-hub-shared", "sthubdata"), so),
    ("deleted_accounts.list", lambda c: list(c.storage.deleted_accounts.list()), holds("stsandboxlost")),
    ("deleted_accounts.get", lambda c: c.storage.deleted_accounts.get("stsandboxlost", "eastus"), lambda a, c: so(a.restore_reference)),
    ("storage_accounts.begin_create", lambda c: c.keep("storage", c.storage.storage_accounts.begin_create(EAST, "stconformity", STORAGE)), so),
    ("storage_accounts: created", lambda c: c.wait("storage"), is_(name="stconformity", location="eastus", primary_location="eastus", secondary_location="westus")),
    ("storage_accounts.get_properties of the new one", lambda c: c.storage.storage_accounts.get_properties(EAST, "stconformity"),
     lambda a, c: so(a.creation_time and a.primary_endpoints.blob == "https://stconformity.blob.core.windows.net/")),
    ("blob_services.set_service_properties", lambda c: c.storage.blob_services.set_service_properties(EAST, "stconformity", {"properties": {"isVersioningEnabled": True}}),
     is_(blob_service_properties__is_versioning_enabled=True)),
    ("blob_containers.create", lambda c: c.storage.blob_containers.create(EAST, "stconformity", "box", {}), is_(name="box")),
    ("blob_containers.list", lambda c: list(c.storage.blob_containers.list(EAST, "stconformity")), lambda a, c: so(names(a) == ["box"])),
    ("storage_accounts.begin_failover as planned", lambda c: c.keep("planned", c.storage.storage_accounts.begin_failover("rg-ml-shared", "stdatacontoso")), so),
    ("storage_accounts.update", lambda c: c.storage.storage_accounts.update(EAST, "stconformity", {"tags": {"by": "suite"}}), is_(tags={"by": "suite"})),
    ("storage_accounts.begin_failover", lambda c: c.keep("failover", c.storage.storage_accounts.begin_failover("rg-hub-shared", "sthubdata", failover_type=None)), so),
    ("storage_accounts.begin_failover of one without a secondary", lambda c: c.storage.storage_accounts.begin_failover("rg-hub-eastus", "sthubeastus", failover_type=None),
     lambda a, c: so(isinstance(a, HttpResponseError) and a.status_code in (400, 409))),
    ("storage_accounts.delete", lambda c: c.storage.storage_accounts.delete(EAST, "stconformity"), nothing),
]

TRAFFIC = [
    ("profiles.list_by_subscription", lambda c: list(c.traffic.profiles.list_by_subscription()), holds("tm-sandbox", "tm-contoso-ml")),
    ("profiles.list_by_resource_group", lambda c: list(c.traffic.profiles.list_by_resource_group(SHARED)), lambda a, c: so(names(a) == ["tm-sandbox"])),
    ("profiles.get", lambda c: c.traffic.profiles.get(SHARED, "tm-sandbox"),
     lambda a, c: so(a.properties.traffic_routing_method == "Priority" and len(a.properties.endpoints) == 2)),
    ("profiles.get of none", lambda c: c.traffic.profiles.get(SHARED, "tm-none"), refused(ResourceNotFoundError, 404, "ResourceNotFound")),
    ("profiles.create_or_update", lambda c: c.traffic.profiles.create_or_update(EAST, "tm-conformity", PROFILE),
     is_(name="tm-conformity", properties__dns_config__fqdn="tm-conformity.trafficmanager.net")),
    ("profiles.update", lambda c: c.traffic.profiles.update(EAST, "tm-conformity", {"tags": {"by": "suite"}}), is_(tags={"by": "suite"})),
    ("profiles.check_traffic_manager_relative_dns_name_availability", lambda c: c.traffic.profiles.check_traffic_manager_relative_dns_name_availability(
        {"name": "tm-sandbox", "type": "microsoft.network/trafficmanagerprofiles"}), is_(name_available=False, reason="AlreadyExists")),
    ("profiles.check_traffic_manager_name_availability_v2", lambda c: c.traffic.profiles.check_traffic_manager_name_availability_v2(
        {"name": "tm-free", "type": "microsoft.network/trafficmanagerprofiles"}), is_(name_available=True)),
    ("geographic_hierarchies.get_default", lambda c: c.traffic.geographic_hierarchies.get_default(), is_(properties__geographic_hierarchy__code="WORLD")),
    ("traffic_manager_user_metrics_keys.create_or_update", lambda c: c.traffic.traffic_manager_user_metrics_keys.create_or_update(), lambda a, c: so(a.properties.key)),
    ("traffic_manager_user_metrics_keys.get", lambda c: c.traffic.traffic_manager_user_metrics_keys.get(), lambda a, c: so(a.properties.key)),
    ("traffic_manager_user_metrics_keys.delete", lambda c: c.traffic.traffic_manager_user_metrics_keys.delete(), lambda a, c: so(not isinstance(a, Exception))),
    ("heat_map.get", lambda c: c.traffic.heat_map.get(SHARED, "tm-sandbox", "default"), is_(name="default")),
    ("endpoints.create_or_update", lambda c: c.traffic.endpoints.create_or_update(EAST, "tm-conformity", "ExternalEndpoints", "www", EXTERNAL),
     is_(name="www", properties__target="www.contoso.com")),
    ("endpoints.get", lambda c: c.traffic.endpoints.get(EAST, "tm-conformity", "ExternalEndpoints", "www"), is_(properties__endpoint_status="Enabled")),
    ("endpoints.update", lambda c: c.traffic.endpoints.update(SHARED, "tm-sandbox", "ExternalEndpoints", ACCOUNT, {"properties": {"endpointStatus": "Disabled"}}),
     is_(properties__endpoint_status="Disabled")),
    ("profiles.get afterwards", lambda c: c.traffic.profiles.get(SHARED, "tm-sandbox"),
     lambda a, c: so({e.name: e.properties.endpoint_status for e in a.properties.endpoints}[ACCOUNT] == "Disabled")),
    ("endpoints.delete", lambda c: c.traffic.endpoints.delete(EAST, "tm-conformity", "ExternalEndpoints", "www"), lambda a, c: None if not isinstance(a, Exception) else so(False)),
    ("endpoints.get of a deleted one", lambda c: c.traffic.endpoints.get(EAST, "tm-conformity", "ExternalEndpoints", "www"),
     lambda a, c: so(isinstance(a, ResourceNotFoundError))),
    ("profiles.delete", lambda c: c.traffic.profiles.delete(EAST, "tm-conformity"), lambda a, c: None if not isinstance(a, Exception) else so(False)),
]

HEALTH = [
    ("availability_statuses.list_by_subscription_id", lambda c: list(c.health.availability_statuses.list_by_subscription_id()),
     lambda a, c: so(any(ACCOUNT in s.id for s in a))),
    ("availability_statuses.list_by_resource_group", lambda c: list(c.health.availability_statuses.list_by_resource_group(EAST)),
     lambda a, c: so(a and all(f"/{EAST}/".lower() in s.id.lower() for s in a))),
    ("availability_statuses.get_by_resource", lambda c: c.health.availability_statuses.get_by_resource(c.id(EAST, "Microsoft.CognitiveServices/accounts", ACCOUNT)),
     is_(properties__availability_state="Available")),
    ("availability_statuses.list", lambda c: list(c.health.availability_statuses.list(c.id(EAST, "Microsoft.CognitiveServices/accounts", ACCOUNT))), so),
    ("availability_statuses.get_by_resource of none", lambda c: c.health.availability_statuses.get_by_resource(c.id(EAST, "Microsoft.CognitiveServices/accounts", "oai-none")),
     refused(ResourceNotFoundError, 404, "ResourceNotFound")),
    ("child_resources.list", lambda c: list(c.health.child_resources.list(c.id(EAST, "Microsoft.CognitiveServices/accounts", ACCOUNT))), lambda a, c: so(a == [])),
    ("events.list_by_subscription_id", lambda c: list(c.health.events.list_by_subscription_id()), lambda a, c: so(a == [])),
    ("events.list_by_tenant_id", lambda c: list(c.health.events.list_by_tenant_id()), lambda a, c: so(a == [])),
    ("events.list_by_single_resource", lambda c: list(c.health.events.list_by_single_resource(c.id(EAST, "Microsoft.CognitiveServices/accounts", ACCOUNT))), lambda a, c: so(a == [])),
    ("event.get of none", lambda c: c.health.event.get_by_subscription_id_and_tracking_id("XXXX-000"), refused(ResourceNotFoundError, 404, "EventNotFound")),
    ("emerging_issues.list", lambda c: list(c.health.emerging_issues.list()), lambda a, c: so(a[0].name == "default")),
    ("metadata.list", lambda c: list(c.health.metadata.list()), so),
    ("operations.list", lambda c: c.health.operations.list(), lambda a, c: so(a.value)),
]

DATA = [
    ("app configuration: list", lambda c: list(c.store.list_configuration_settings()), lambda a, c: so("weight-eastus" in [s.key for s in a])),
    ("app configuration: get", lambda c: c.keep("setting", c.store.get_configuration_setting("weight-eastus")), is_(value="100")),
    ("app configuration: set", lambda c: c.store.set_configuration_setting(ConfigurationSetting(key="conformity", value="1")), is_(value="1")),
    ("app configuration: set against a stale etag",
     lambda c: c.store.set_configuration_setting(ConfigurationSetting(key="weight-eastus", value="0", etag="stale"), match_condition=MatchConditions.IfNotModified),
     lambda a, c: so(isinstance(a, ResourceModifiedError) and a.status_code == 412)),
    ("app configuration: set read only", lambda c: c.store.set_read_only(ConfigurationSetting(key="conformity")), is_(read_only=True)),
    ("app configuration: set what is read only", lambda c: c.store.set_configuration_setting(ConfigurationSetting(key="conformity", value="2")),
     lambda a, c: so(isinstance(a, HttpResponseError) and a.status_code == 409)),
    ("app configuration: set read only no more", lambda c: c.store.set_read_only(ConfigurationSetting(key="conformity"), False), is_(read_only=False)),
    ("app configuration: labels", lambda c: list(c.store.list_labels()), so),
    ("app configuration: revisions", lambda c: list(c.store.list_revisions(key_filter="conformity")), lambda a, c: so(a[0].value == "1")),
    ("app configuration: delete", lambda c: c.store.delete_configuration_setting("conformity"), is_(value="1")),
    ("app configuration: get of none", lambda c: c.store.get_configuration_setting("conformity"), lambda a, c: so(isinstance(a, ResourceNotFoundError))),
    ("openai: models by key", lambda c: list(c.model(api_key=c.kept["keys"].key1).models.list()), so),
    ("openai: chat by token", lambda c: c.model(azure_ad_token_provider=get_bearer_token_provider(c.credential, MODELS))
     .chat.completions.create(model="chat", messages=[{"role": "user", "content": "ping"}], max_tokens=1), lambda a, c: so(a.choices)),
    ("openai: chat in pieces", lambda c: list(c.model(api_key=c.kept["keys"].key1).chat.completions.create(
        model="chat", messages=[{"role": "user", "content": "ping"}], stream=True)), lambda a, c: so("".join(x.choices[0].delta.content or "" for x in a))),
    ("openai: a wrong key", lambda c: fails(lambda: c.model(api_key="wrong").models.list()), lambda a, c: so(isinstance(a, openai.AuthenticationError) and a.status_code == 401)),
]

AT_LAST = [
    ("storage_accounts: failed over", lambda c: c.wait("failover"), nothing),
    ("storage_accounts: failed over as planned", lambda c: c.wait("planned"), nothing),
    ("storage_accounts.get_properties after the planned one", lambda c: c.storage.storage_accounts.get_properties("rg-ml-shared", "stdatacontoso"),
     is_(primary_location="westus", secondary_location="eastus", sku__name="Standard_RAGRS")),
    ("storage_accounts.get_properties afterwards", lambda c: c.storage.storage_accounts.get_properties("rg-hub-shared", "sthubdata"),
     is_(primary_location="westus", sku__name="Standard_LRS")),
    ("deployments: the template is there", lambda c: c.wait("standby"),
     lambda a, c: so(a.properties.provisioning_state == "Succeeded" and a.properties.outputs["endpoint"]["value"].startswith("https://oai-template"))),
    ("deployment_operations.list", lambda c: list(c.deployments.deployment_operations.list(WEST, "standby")),
     lambda a, c: so({o.properties.target_resource.resource_name for o in a} == {"oai-template", "chat"})),
    ("deployments: the group of the other is there", lambda c: (c.wait("above"), c.resources.resource_groups.check_existence("rg-from-template"))[1], so),
    ("resource_groups.begin_delete", lambda c: c.resources.resource_groups.begin_delete("rg-conformity").result(120), nothing),
    ("resource_groups.get of a deleted one", lambda c: c.resources.resource_groups.get("rg-conformity"), refused(ResourceNotFoundError, 404, "ResourceGroupNotFound")),
]

TABLES = [
    ("identity", IDENTITY),
    ("resource", RESOURCE),
    # What takes longest begins first.
    ("storage", STORAGES),
    ("deployments", DEPLOYMENTS),
    ("cognitiveservices", ACCOUNTS),
    ("keyvault", VAULTS),
    ("trafficmanager", TRAFFIC),
    ("resourcehealth", HEALTH),
    ("data planes", DATA),
    ("at last", AT_LAST),
]


def expired(line):
    """A token outlives its hour on a hurried clock."""
    c = Context(line)
    token = c.credential.get_token(ARM).token
    hurried = c.client(ResourceManagementClient, Fixed(token))
    time.sleep(4)
    return list(hurried.resource_groups.list())


def run(area, name, call, check, context):
    begun, answer = time.monotonic(), None
    try:
        try:
            answer = call(context)
        except (HttpResponseError, ValueError) as e:
            answer = e
        if isinstance(answer, Exception) and check in (so, nothing):
            raise answer
        check(answer, context)
        problem = None
    except Exception as e:  # noqa: BLE001 the line below is what the test shows
        text = str(e).strip() or traceback.format_exc().strip().splitlines()[-1]
        problem = f"{type(e).__name__}: {' '.join(text.split())}"
        if isinstance(answer, Exception) and answer is not e:
            problem += f" | answered: {' '.join(str(answer).split())}"
    took = time.monotonic() - begun
    print(f"{'FAILED' if problem else 'ok'}  {area}: {name}  ({took:.1f} s)" + (f"\n        {problem}" if problem else ""), flush=True)
    return problem is None


def main():
    lines = [json.load(open(path, encoding="utf-8")) for path in sys.argv[1:]]
    context = Context(lines[0])
    good = [run(area, *row, context) for area, table in TABLES for row in table]
    if len(lines) > 1:
        row = ("an expired token", lambda _: expired(lines[1]), refused(ClientAuthenticationError, 401, "ExpiredAuthenticationToken"))
        good.append(run("identity", *row, context))
    print(f"{sum(good)} of {len(good)} calls", flush=True)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
