//! The clouds that Microsoft runs: one line each of addresses, scopes and host suffixes.
//!
//! Nothing else in this room writes a host out. What a cloud does not have stays with the nearest name it does have, so
//! that an address made from it is refused by that cloud and not sent to another.

/// What is known of one cloud.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// As `az cloud list` names it.
    pub name: &'static str,
    /// Sign-in.
    pub authority: &'static str,
    /// Azure Resource Manager.
    pub arm: &'static str,
    /// The portal.
    pub portal: &'static str,
    /// Azure OpenAI accounts lie below it.
    pub openai: &'static str,
    /// Hosts below these get a token of `models_resource`; some serve accounts without a subdomain.
    pub models: &'static [&'static str],
    /// Audience of the models.
    pub models_resource: &'static str,
    /// App Configuration stores lie below it.
    pub configuration: &'static str,
    /// Audience of App Configuration.
    pub configuration_resource: &'static str,
    /// Key vaults lie below it.
    pub vault: &'static str,
    /// Audience of key vaults.
    pub vault_resource: &'static str,
    /// `blob.`, `queue.`, `file.` and `table.` of storage accounts lie below it.
    pub storage: &'static str,
    /// Audience of storage, the same in every cloud.
    pub storage_resource: &'static str,
    /// Container registries lie below it.
    pub registry: &'static str,
    /// Below a region's name below it lie online endpoints.
    pub scoring: &'static str,
}

/// The public cloud.
pub static PUBLIC: Known = Known {
    name: "AzureCloud",
    authority: "https://login.microsoftonline.com",
    arm: "https://management.azure.com",
    portal: "https://portal.azure.com",
    openai: "openai.azure.com",
    models: &[
        "openai.azure.com",
        "cognitiveservices.azure.com",
        "services.ai.azure.com",
        "api.cognitive.microsoft.com",
    ],
    models_resource: "https://cognitiveservices.azure.com",
    configuration: "azconfig.io",
    configuration_resource: "https://appconfig.azure.com",
    vault: "vault.azure.net",
    vault_resource: "https://vault.azure.net",
    storage: "core.windows.net",
    storage_resource: "https://storage.azure.com",
    registry: "azurecr.io",
    scoring: "inference.ml.azure.com",
};

/// Every cloud.
pub static CLOUDS: [&Known; 3] = [&PUBLIC, &GOVERNMENT, &CHINA];

static GOVERNMENT: Known = Known {
    name: "AzureUSGovernment",
    authority: "https://login.microsoftonline.us",
    arm: "https://management.usgovcloudapi.net",
    portal: "https://portal.azure.us",
    openai: "openai.azure.us",
    models: &["openai.azure.us", "cognitiveservices.azure.us", "services.ai.azure.us", "api.cognitive.microsoft.us"],
    models_resource: "https://cognitiveservices.azure.us",
    configuration: "azconfig.azure.us",
    configuration_resource: "https://appconfig.azure.us",
    vault: "vault.usgovcloudapi.net",
    vault_resource: "https://vault.usgovcloudapi.net",
    storage: "core.usgovcloudapi.net",
    storage_resource: "https://storage.azure.com",
    registry: "azurecr.us",
    scoring: "inference.ml.azure.us",
};

static CHINA: Known = Known {
    name: "AzureChinaCloud",
    authority: "https://login.chinacloudapi.cn",
    arm: "https://management.chinacloudapi.cn",
    portal: "https://portal.azure.cn",
    // Azure OpenAI has no name of its own there: accounts are reached as other Cognitive Services are.
    openai: "cognitiveservices.azure.cn",
    models: &["cognitiveservices.azure.cn", "api.cognitive.azure.cn"],
    models_resource: "https://cognitiveservices.azure.cn",
    configuration: "azconfig.azure.cn",
    configuration_resource: "https://appconfig.azure.cn",
    vault: "vault.azure.cn",
    vault_resource: "https://vault.azure.cn",
    storage: "core.chinacloudapi.cn",
    storage_resource: "https://storage.azure.com",
    registry: "azurecr.cn",
    scoring: "inference.ml.azure.cn",
};

/// A cloud by its name, in any case.
pub fn known(name: &str) -> Option<&'static Known> {
    CLOUDS.into_iter().find(|c| c.name.eq_ignore_ascii_case(name))
}

/// The audience that `az rest` must name for this host, where that is not Resource Manager's.
pub(super) fn audience_of(host: &str) -> Option<&'static str> {
    let below = |domain: &str| super::cloud::is_below(host, domain);
    CLOUDS.into_iter().find_map(|c| match () {
        () if below(c.configuration) => Some(c.configuration_resource),
        () if below(c.vault) => Some(c.vault_resource),
        () => None,
    })
}
