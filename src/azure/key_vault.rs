//! Key vaults and what is in them, as far as recovery needs it. Values of secrets are never read.

use serde::Deserialize;
use url::Url;

use super::client::resource_id;
use super::resources::{self, Resource};
use super::{Azure, AzureError};
use crate::clock::Task;
use crate::units::{Region, ResourceId};

/// Version of the data plane that is sent; every vault in every cloud takes it.
const DATA_VERSION: &str = "7.4";

/// A vault.
pub type Vault = Resource<VaultProperties>;
/// A vault in soft delete.
pub type DeletedVault = Resource<DeletedVaultProperties>;

/// What of a vault is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VaultProperties {
    /// `Succeeded`, `RegisteringDns`.
    #[serde(default)]
    pub provisioning_state: Option<String>,
}

/// What of a deleted vault is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletedVaultProperties {
    /// ARM id that it had.
    pub vault_id: String,
    /// Region that it lay in.
    pub location: Region,
    /// When.
    #[serde(default)]
    pub deletion_date: Option<jiff::Timestamp>,
    /// When it goes for good.
    #[serde(default)]
    pub scheduled_purge_date: Option<jiff::Timestamp>,
}

/// Kinds of objects: as a runbook says it, and where the data plane keeps it.
const KINDS: [(&str, &str); 3] = [("secret", "secrets"), ("key", "keys"), ("certificate", "certificates")];

/// Addresses of one object of a vault.
#[derive(Debug, Clone)]
pub struct Object {
    /// The deleted object.
    pub deleted: Url,
    /// The request that recovers it.
    pub recover: Url,
    /// One version of the object that is there, without its value.
    pub versions: Url,
}

/// The object's addresses.
pub fn object(azure: &Azure, vault: &str, kind: &str, name: &str) -> Result<Object, AzureError> {
    let bad = |why: &str| AzureError::BadAddress { text: name.to_owned(), why: why.to_owned() };
    let Some((_, list)) = KINDS.iter().find(|(k, _)| *k == kind) else {
        return Err(bad("the kind of a vault's object is `secret`, `key` or `certificate`"));
    };
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(bad("a name in a vault has letters, digits and `-`"));
    }
    let base = azure.cloud().vault(resource_id(vault)?.name())?;
    let at = |path: String, query: &[(&str, &str)]| {
        let mut url = base.clone();
        url.set_path(&path);
        url.query_pairs_mut().append_pair("api-version", DATA_VERSION).extend_pairs(query);
        url
    };
    Ok(Object {
        deleted: at(format!("/deleted{list}/{name}"), &[]),
        recover: at(format!("/deleted{list}/{name}/recover"), &[]),
        versions: at(format!("/{list}/{name}/versions"), &[("maxresults", "1")]),
    })
}

/// An object in soft delete, as far as it is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletedObject {
    /// When it goes for good, in seconds.
    #[serde(default)]
    pub scheduled_purge_date: Option<i64>,
}

/// The vault in soft delete; `None` where none of that name is in that region.
pub async fn deleted(
    azure: &Azure,
    task: &Task,
    id: &ResourceId,
    region: &Region,
) -> Result<Option<DeletedVault>, AzureError> {
    let path = format!(
        "/subscriptions/{}/providers/Microsoft.KeyVault/locations/{region}/deletedVaults/{}",
        id.subscription(),
        id.name()
    );
    resources::typed(azure, task, &path, None).await
}
