//! The automated steps: from a bound action to exact changes, their preview, sending, following, reading back, undo.
//!
//! A [`Change`] is what the operator confirms and what the journal keeps: the exact request, as the real world writes
//! it, what each field was and will be, and what would bring the old state back. It is sent once. Whatever happens
//! then, [`read_back`] tells from Azure itself whether it took effect.

mod accounts;
mod app_configuration;
mod back;
mod barrier;
mod deployments;
mod dns;
mod learning;
mod recover;
mod registry;
mod request;
mod sending;
mod steering;
mod storage;
mod template;
mod undoing;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

pub use self::back::check_back;
use self::request::Written;
pub use self::sending::{Progress, ReadBack, Sent, follow, read_back, send};
use self::steering::Wanted;
pub use self::undoing::undo;
use super::cloud::host_of;
use super::known::audience_of;
use super::{Azure, AzureError, resources};
use crate::clock::Task;
pub use crate::run::event::{Change, Effect, FieldChange};
use crate::runbook::model::Action;
pub use crate::runbook::traits::Right;
use crate::units::Region;

/// The option of previews that create no more than the quota allows.
pub const FIT_QUOTA: &str = "fit-quota";

impl Change {
    /// A change of a resource, at the address that its type has.
    pub(super) async fn new(
        what: String,
        method: &str,
        azure: &Azure,
        task: &Task,
        target: &str,
    ) -> Result<Self, AzureError> {
        Ok(Self::at(what, method, &resources::address(azure, task, target).await?, target))
    }

    /// A change at any address.
    pub(super) fn at(what: String, method: &str, url: &Url, target: &str) -> Self {
        Self {
            what,
            method: method.to_owned(),
            url: url.to_string(),
            body: None,
            if_match: None,
            only_if_absent: false,
            target: target.to_owned(),
            fields: Vec::new(),
            previous: None,
            effect: None,
        }
    }

    fn with_body(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string());
        self
    }

    fn with_previous(mut self, body: &Value) -> Self {
        self.previous = Some(body.to_string());
        self
    }

    fn field(mut self, name: &str, before: Option<&str>, after: Option<&str>) -> Self {
        self.fields.push(FieldChange::new(name, before.map(str::to_owned), after.map(str::to_owned)));
        self
    }

    fn seen_by(mut self, effect: Effect) -> Self {
        self.effect = Some(Box::new(effect));
        self
    }

    /// The same by hand, for a terminal that is signed in.
    pub fn by_hand(&self) -> String {
        let quoted = |t: &str| format!("'{}'", t.replace('\'', r"'\''"));
        if sending::is_outside(self) {
            let body = self
                .body
                .as_ref()
                .map_or_else(String::new, |b| format!(" -H 'content-type: application/json' -d {}", quoted(b)));
            return format!("curl -fsS -X {} {}{body}", self.method, quoted(&self.url));
        }
        let mut line = format!("az rest --method {} --url {}", self.method.to_lowercase(), quoted(&self.url));
        let host = Url::parse(&self.url).map(|u| host_of(&u)).unwrap_or_default();
        if let Some(resource) = audience_of(&host) {
            line.push_str(&format!(" --resource {resource}"));
        }
        let precondition = match &self.if_match {
            Some(etag) => Some(format!("If-Match={etag}")),
            None if self.only_if_absent => Some("If-None-Match=*".to_owned()),
            None => None,
        };
        if let Some(p) = precondition {
            line.push_str(&format!(" --headers {}", quoted(&p)));
        }
        if let Some(body) = &self.body {
            line.push_str(&format!(" --body {}", quoted(body)));
        }
        line
    }
}

impl Effect {
    /// It worked when this address shows this.
    fn shown_by(url: &str, shows: &Value) -> Self {
        Self { url: Some(url.to_owned()), shows: Some(shows.to_string()), ..Self::default() }
    }
}

impl FieldChange {
    pub(super) fn new(name: &str, before: Option<String>, after: Option<String>) -> Self {
        Self { name: name.to_owned(), before, after }
    }
}

/// What performing an action would do now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// In this order.
    pub changes: Vec<Change>,
    /// Azure already is as the action would make it.
    pub already_true: bool,
    /// What else to know before agreeing.
    pub notes: Vec<String>,
    /// Other ways to do it.
    pub options: Vec<PreviewOption>,
    /// How fast the name that it changes can lead elsewhere, as far as that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns: Option<super::traffic::Pace>,
    /// Where it gives up what is not copied: the account's name, and up to when its copy is whole, as far as that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced: Option<(String, Option<i64>)>,
    /// When Azure was read.
    pub read_at_utc: i64,
}

/// Another way to perform an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewOption {
    /// For [`preview`].
    pub id: String,
    /// On the button.
    pub label: String,
    /// What it means.
    pub consequence: String,
}

/// The rights that an action takes, previews and readings back included. Empty where no identity is used.
pub fn rights(action: &Action) -> Vec<Right> {
    action.rights()
}

/// Reads Azure and says what the action would change. `created` are the ARM ids that this run created.
pub async fn preview(
    azure: &Azure,
    task: &Task,
    action: &Action,
    option: Option<&str>,
    created: &[String],
) -> Result<Preview, AzureError> {
    let fit = match option {
        None => false,
        Some(FIT_QUOTA) if matches!(action, Action::CopyDeployments { .. } | Action::RaiseCapacity { .. }) => true,
        Some(other) => return Err(AzureError::UnknownOption(other.to_owned())),
    };
    let mut out = Preview { read_at_utc: task.now().utc, ..Preview::default() };
    match action {
        Action::CreateAccount { account, like, region } => {
            accounts::create(azure, task, account, like, region, &mut out).await?;
        }
        Action::CopyDeployments { from, to, first } => {
            deployments::copy(azure, task, from, to, first, fit, &mut out).await?;
        }
        Action::RaiseCapacity { account, like } => {
            deployments::raise(azure, task, account, like, fit, &mut out).await?;
        }
        Action::SetAppConfiguration { store, values } => {
            app_configuration::set(azure, task, store, values, &mut out).await?;
        }
        Action::DeleteCreatedDeployments { account } => {
            deployments::delete_created(azure, task, account, created, &mut out).await?;
        }
        Action::CreateResourceGroup { group, region } => recover::group(azure, task, group, region, &mut out).await?,
        Action::RecoverAccount { account, region } => {
            recover::account(azure, task, account, region, &mut out).await?;
        }
        Action::RecoverVault { vault, region } => recover::vault(azure, task, vault, region, &mut out).await?,
        Action::RecoverVaultObject { vault, object, kind } => {
            recover::object(azure, task, vault, kind, object, &mut out).await?;
        }
        Action::RecoverLogWorkspace { workspace, region } => {
            recover::log_workspace(azure, task, workspace, region, &mut out).await?;
        }
        Action::SetTrafficEndpoint { endpoint, status, weight, priority } => {
            let wanted = Wanted { status: *status, weight: *weight, priority: *priority };
            steering::endpoint(azure, task, endpoint, &wanted, &mut out).await?;
        }
        Action::SetTrafficRouting { profile, method } => {
            steering::routing(azure, task, profile, *method, &mut out).await?;
        }
        Action::FailOverStorage { account, region, how } => {
            storage::fail_over(azure, task, account, region, *how, &mut out).await?;
        }
        Action::AddRegistryReplica { registry, region } => {
            registry::add(azure, task, registry, region, &mut out).await?;
        }
        Action::SetRegistryReplica { registry, region, status } => {
            registry::set(azure, task, registry, region, *status, &mut out).await?;
        }
        Action::SetOnlineEndpointTraffic { endpoint, traffic } => {
            learning::traffic(azure, task, endpoint, traffic, &mut out).await?;
        }
        Action::StartCompute { compute } => learning::compute(azure, task, compute, true, &mut out).await?,
        Action::StopCompute { compute } => learning::compute(azure, task, compute, false, &mut out).await?,
        Action::SetDnsRecord { record, values, ttl } => {
            dns::set(azure, task, record, values, *ttl, &mut out).await?;
        }
        Action::SetFrontDoorOrigin { origin, status, weight, priority } => {
            let wanted = Wanted { status: *status, weight: *weight, priority: *priority };
            steering::origin(azure, task, origin, &wanted, &mut out).await?;
        }
        Action::DeployTemplate { group, name, template, parameters } => {
            template::deploy(azure, task, group, name, (template, parameters), &mut out).await?;
        }
        Action::ArmRequest { resource, method, api_version, body } => {
            let written = Written { resource, method: *method, version: api_version, body };
            request::arm(azure, task, &written, &mut out).await?;
        }
        Action::HttpRequest { url, method, body } => request::outside(azure, url, *method, body, &mut out)?,
    }
    Ok(out)
}

/// Below these a text is a person's own and compared as written.
const AS_WRITTEN: [&str; 3] = ["tags", "metadata", "TXTRecords"];
/// These are replaced as a whole: an empty one takes away what is there.
const WHOLE: [&str; 2] = ["tags", "traffic"];

/// Whether every field that `wanted` names is so in `actual`; one that is null there is not set. Azure spells names and
/// regions as it likes.
pub(super) fn contains(actual: &Value, wanted: &Value) -> bool {
    same(actual, wanted, false)
}

fn same(actual: &Value, wanted: &Value, exactly: bool) -> bool {
    match (actual, wanted) {
        (a, Value::Null) => a.is_null(),
        (Value::Object(a), Value::Object(w)) => w.iter().all(|(k, v)| match (a.get(k), v) {
            (Some(Value::String(a)), Value::String(w)) if k == "location" => Region::new(a) == Region::new(w),
            (Some(Value::Object(a)), Value::Object(w)) if w.is_empty() && WHOLE.contains(&k.as_str()) => {
                a.values().all(|share| share.as_f64() == Some(0.0))
            }
            (a, _) => same(a.unwrap_or(&Value::Null), v, exactly || AS_WRITTEN.contains(&k.as_str())),
        }),
        (Value::Array(a), Value::Array(w)) => a.len() == w.len() && a.iter().zip(w).all(|(a, w)| same(a, w, exactly)),
        (Value::String(a), Value::String(w)) if !exactly => a.eq_ignore_ascii_case(w),
        (Value::Number(a), Value::Number(w)) => a.as_f64() == w.as_f64(),
        // Empty and absent are the same to Azure.
        (Value::Null, Value::Object(w)) => w.is_empty(),
        (Value::Null, Value::Array(w)) => w.is_empty(),
        (a, w) => a == w,
    }
}
