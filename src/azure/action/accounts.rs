//! A new account in the other region, like the one there is.

use serde_json::{Value, json};

use super::{Change, FieldChange, Preview};
use crate::azure::client::resource_id;
use crate::azure::{Azure, AzureError, cognitive, versions};
use crate::clock::Task;
use crate::units::Region;

/// Rules of access are copied: a twin that is open wider than the original would be a hole.
const COPIED: [&str; 5] =
    ["publicNetworkAccess", "networkAcls", "disableLocalAuth", "restrictOutboundNetworkAccess", "allowedFqdnList"];

pub(super) async fn create(
    azure: &Azure,
    task: &Task,
    account: &str,
    like: &str,
    region: &str,
    out: &mut Preview,
) -> Result<(), AzureError> {
    let (id, region) = (resource_id(account)?, Region::new(region));
    if let Some(there) = cognitive::account(azure, task, account).await? {
        if there.region != region {
            return Err(AzureError::NotPossible(format!(
                "the account {} exists already, in {} and not in {region}",
                id.name(),
                there.region
            )));
        }
        out.already_true = there.state.eq_ignore_ascii_case("Succeeded");
        if !out.already_true {
            out.notes.push(format!("The account exists and is {}; it cannot be created now.", there.state));
        }
        return Ok(());
    }
    match cognitive::soft_deleted(azure, task, &id, &region).await {
        Ok(None) => {}
        Ok(Some(twin)) => return Err(twin.refusal("account")),
        Err(e) => out.notes.push(format!("Whether a soft-deleted account holds the name could not be read: {e}")),
    }
    let model = cognitive::existing(azure, task, like).await?;
    let from = &model.raw["properties"];
    let mut properties = json!({ "customSubDomainName": id.name() });
    for name in COPIED {
        if let Some(v) = from.get(name).filter(|v| !v.is_null()) {
            properties[name] = v.clone();
        }
    }
    let body = json!({
        "location": region.name(), "kind": model.kind, "sku": { "name": model.sku }, "properties": properties,
    });
    for (what, v) in [
        ("Private endpoints", &from["privateEndpointConnections"]),
        ("The customer-managed key", &from["encryption"]),
        ("The managed identity", &model.raw["identity"]),
        ("Tags", &model.raw["tags"]),
    ] {
        let empty = match v {
            Value::Null => true,
            Value::Array(a) => a.is_empty(),
            Value::Object(o) => o.is_empty() || o.get("type").is_some_and(|t| t == "None"),
            _ => false,
        };
        if !empty {
            out.notes
                .push(format!("{what} of {} are not copied; set them up by hand.", cognitive::resource_name(like)));
        }
    }
    out.notes.push("Role assignments are not copied.".into());
    let after = |t: &str| Some(t.to_owned());
    out.changes.push(Change {
        what: format!("create account {} in {}", id.name(), region.display()),
        method: "PUT".into(),
        url: azure.arm(id.as_str(), versions::COGNITIVE, &[])?.into(),
        body: Some(body.to_string()),
        if_match: None,
        only_if_absent: false,
        target: id.as_str().to_owned(),
        fields: vec![
            FieldChange::new("region", None, after(region.name())),
            FieldChange::new("kind", None, after(&model.kind)),
            FieldChange::new("SKU", None, after(&model.sku)),
            FieldChange::new("subdomain", None, after(id.name())),
        ],
        previous: None,
        effect: None,
    });
    Ok(())
}
