//! The resources of the world beside the few that have a shape of their own: what ARM shows of each, what becomes of it by
//! itself, and what is left of it when it is deleted.
//!
//! A resource is the document that ARM shows. Work that takes time is a [`Next`] on it: until then it shows its state, then
//! it becomes what the next one says. So the world at a time follows from what requests have changed, without any timer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::http::rfc3339;
use super::world::{ALWAYS, World, applies};
use crate::rehearsal::scenario::World as Script;
use crate::rehearsal::things::{Deleted, DeletedKind, Resource, full_id};
use crate::runbook::model::Strategy;
use crate::units::{Millis, Region};

/// A day in milliseconds.
pub const DAY: i64 = 86_400_000;
/// Days that storage accounts, Log Analytics and machine learning workspaces are kept.
const KEPT_DAYS: i64 = 14;
/// Days that a vault and what is in it are kept, unless it says otherwise.
const VAULT_DAYS: i64 = 90;
/// Days that an AI account is kept.
const ACCOUNT_DAYS: i64 = 2;
/// How long what a scenario calls deleted had lived.
const LIVED: i64 = 365 * DAY;

/// A resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thing {
    /// ARM id.
    pub id: String,
    /// Resource group.
    pub group: String,
    /// `Microsoft.KeyVault/vaults`.
    pub kind: String,
    /// Last segment.
    pub name: String,
    /// What ARM shows beside id, name and type.
    pub body: Map<String, Value>,
    /// Metrics that always have this value.
    #[serde(default)]
    pub metrics: BTreeMap<String, f64>,
    /// When it was made.
    pub made_at: i64,
    /// Grows with every change.
    #[serde(default)]
    pub version: u64,
    /// Work under way.
    #[serde(default)]
    pub next: Option<Next>,
}

/// What becomes of a resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Next {
    /// When.
    pub at: i64,
    /// Provisioning state until then.
    pub state: String,
    /// What it is from then on.
    pub then: Then,
}

/// What work ends in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Then {
    /// What it is already.
    Same,
    /// Another document.
    Body(Map<String, Value>),
    /// It is deleted; where the type has a bin and this is true, into it.
    Gone(bool),
}

/// A resource group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Name as created.
    pub name: String,
    /// Region.
    pub region: String,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Being deleted until this time.
    #[serde(default)]
    pub gone_at: Option<i64>,
}

/// Something in soft delete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gone {
    /// What it was.
    pub what: DeletedKind,
    /// Region.
    pub region: String,
    /// When it was deleted.
    pub at: i64,
    /// When it is purged.
    pub until: i64,
    /// Nobody can purge it.
    pub protected: bool,
    /// What comes back.
    pub thing: Thing,
    /// What was below it and comes back as well.
    pub below: Vec<Thing>,
}

/// A secret, key or certificate: its name and fate, never its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// Vault.
    pub vault: String,
    /// Secret, key or certificate.
    pub what: DeletedKind,
    /// Name.
    pub name: String,
    /// When it was made.
    pub made_at: i64,
    /// Deleted since, purged at; `None`: in use.
    pub deleted: Option<(i64, i64)>,
}

/// A management lock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// What it stands on.
    pub scope: String,
    /// Name.
    pub name: String,
    /// Changes are refused as well, not only deletions.
    pub read_only: bool,
    /// Notes as sent.
    pub notes: String,
}

/// A role assignment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// What it is on.
    pub scope: String,
    /// Name, in the shape of a UUID.
    pub name: String,
    /// Properties as sent and shown.
    pub properties: Map<String, Value>,
}

/// Whether an id is this scope or below it.
pub fn under(id: &str, scope: &str) -> bool {
    let head = id.get(..scope.len());
    head.is_some_and(|h| h.eq_ignore_ascii_case(scope)) && matches!(id.as_bytes().get(scope.len()), None | Some(b'/'))
}

impl Thing {
    /// An empty one of this id.
    pub fn new(id: &str, made_at: i64) -> Self {
        let parts: Vec<&str> = id.split('/').collect();
        let group = parts.iter().position(|p| p.eq_ignore_ascii_case("resourceGroups")).and_then(|n| parts.get(n + 1));
        let own = parts.iter().rposition(|p| p.eq_ignore_ascii_case("providers")).map_or(parts.len(), |n| n + 1);
        let own = &parts[own.min(parts.len())..];
        let provider = own.first().copied().unwrap_or_default().to_owned();
        Self {
            id: id.to_owned(),
            group: group.copied().unwrap_or_default().to_owned(),
            kind: own.iter().skip(1).step_by(2).fold(provider, |a, t| format!("{a}/{t}")),
            name: parts.last().copied().unwrap_or_default().to_owned(),
            body: Map::new(),
            metrics: BTreeMap::new(),
            made_at,
            version: 1,
            next: None,
        }
    }

    fn of(script: &Resource, subscription: &str, epoch: i64) -> Self {
        let mut thing = Self::new(&full_id(&script.id, subscription), ALWAYS);
        let fill = |text: &str| {
            let ago = text.strip_prefix("ago:").and_then(|t| t.parse::<Millis>().ok());
            let time = ago.map(|a| rfc3339(epoch.saturating_sub_unsigned(a.0)));
            time.or_else(|| Some(full_id(text.strip_prefix("id:")?, subscription)))
        };
        if let Some(l) = &script.location {
            thing.body.insert("location".into(), json!(l));
        }
        if let Some(k) = &script.kind {
            thing.body.insert("kind".into(), json!(k));
        }
        if let Some(s) = &script.sku {
            thing.body.insert("sku".into(), json!({ "name": s }));
        }
        thing.body.insert("tags".into(), json!(script.tags));
        let properties = match filled(&script.properties, &fill) {
            Value::Null => json!({ "provisioningState": "Succeeded" }),
            other => other,
        };
        thing.body.insert("properties".into(), properties);
        thing.metrics = script.metrics.clone();
        thing
    }

    /// The provider.
    pub fn provider(&self) -> &str {
        self.kind.split('/').next().unwrap_or_default()
    }

    /// Region, `global`, or empty for a child without one.
    pub fn location(&self) -> &str {
        self.body.get("location").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it is of this type.
    pub fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    /// A property.
    pub fn get(&self, name: &str) -> &Value {
        self.body.get("properties").and_then(|p| p.get(name)).unwrap_or(&Value::Null)
    }

    /// A property's text, empty without one.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap_or_default()
    }

    /// Sets a property.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        set(&mut self.body, name, value.into());
    }

    /// Sets a property that is not there.
    pub fn set_missing(&mut self, name: &str, value: impl Into<Value>) {
        if self.get(name).is_null() {
            self.set(name, value);
        }
    }

    /// Name of the tier.
    pub fn sku(&self) -> &str {
        self.body.get("sku").and_then(|s| s["name"].as_str()).unwrap_or_default()
    }

    /// What ARM shows of it at a time.
    pub fn shown(&self, at: i64) -> Value {
        let mut all = self.common();
        let mut properties = self.body.get("properties").cloned().unwrap_or_else(|| json!({}));
        if let Some(n) = self.next.as_ref().filter(|n| at < n.at) {
            properties["provisioningState"] = json!(n.state);
        }
        all.insert("properties".into(), properties);
        Value::Object(all)
    }

    /// What a list of all resources says of it.
    pub fn common(&self) -> Map<String, Value> {
        let mut all = self.body.clone();
        all.remove("properties");
        for (key, value) in [("id", &self.id), ("name", &self.name), ("type", &self.kind)] {
            all.insert(key.into(), json!(value));
        }
        all
    }

    /// Work is under way on it.
    pub fn busy(&self, at: i64) -> bool {
        self.next.as_ref().is_some_and(|n| at < n.at)
    }

    /// Which bin it goes to, and for how long.
    pub fn bin(&self) -> Option<(DeletedKind, i64)> {
        let days = |d: i64| d.saturating_mul(DAY);
        Some(match self.kind.to_ascii_lowercase().as_str() {
            "microsoft.keyvault/vaults" => (DeletedKind::Vault, days(vault_days(self))),
            "microsoft.storage/storageaccounts" => (DeletedKind::StorageAccount, days(KEPT_DAYS)),
            "microsoft.operationalinsights/workspaces" => (DeletedKind::LogWorkspace, days(KEPT_DAYS)),
            "microsoft.cognitiveservices/accounts" => (DeletedKind::AIAccount, days(ACCOUNT_DAYS)),
            // A hub and what hangs on it have no bin.
            "microsoft.machinelearningservices/workspaces"
                if !matches!(self.body.get("kind").and_then(Value::as_str), Some("Hub" | "Project")) =>
            {
                (DeletedKind::MlWorkspace, days(KEPT_DAYS))
            }
            _ => return None,
        })
    }
}

/// How long a vault keeps what is deleted, in days.
pub fn vault_days(vault: &Thing) -> i64 {
    vault.get("softDeleteRetentionInDays").as_i64().unwrap_or(VAULT_DAYS)
}

/// Sets a property in a document.
pub fn set(body: &mut Map<String, Value>, name: &str, value: Value) {
    let all = body.entry("properties").or_insert_with(|| json!({}));
    if !all.is_object() {
        *all = json!({});
    }
    all[name] = value;
}

/// The same with texts in it replaced.
fn filled(value: &Value, fill: &dyn Fn(&str) -> Option<String>) -> Value {
    match value {
        Value::String(s) => fill(s).map_or_else(|| value.clone(), Value::from),
        Value::Array(all) => all.iter().map(|v| filled(v, fill)).collect(),
        Value::Object(all) => all.iter().map(|(k, v)| (k.clone(), filled(v, fill))).collect(),
        other => other.clone(),
    }
}

/// A document with whole ARM ids in place of `id:…`.
pub fn with_ids(value: &Value, subscription: &str) -> Value {
    filled(value, &|text| Some(full_id(text.strip_prefix("id:")?, subscription)))
}

/// The resources of a scenario at its start.
pub fn things(script: &Script, strategy: Option<Strategy>, epoch: i64) -> Vec<Thing> {
    let here = script.resources.iter().filter(|r| applies(&r.only_in, strategy));
    here.map(|r| Thing::of(r, &script.subscription, epoch)).collect()
}

/// Resource groups: those of the scenario, and those that its resources name.
pub fn groups(script: &Script, things: &[Thing]) -> Vec<Group> {
    let group = |name: &str, region: &str| Group {
        name: name.to_owned(),
        region: region.to_owned(),
        tags: BTreeMap::new(),
        gone_at: None,
    };
    let mut out: Vec<Group> = script.groups.iter().map(|(n, r)| group(n, r.name())).collect();
    for t in things {
        if !t.group.is_empty() && !out.iter().any(|g| g.name.eq_ignore_ascii_case(&t.group)) {
            out.push(group(&t.group, t.location()));
        }
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

/// What a scenario has in soft delete, AI accounts apart: those have a shape of their own.
pub fn gone(script: &Script, epoch: i64) -> Vec<Gone> {
    let build = |d: &Deleted| {
        let id = full_id(&format!("{}/{}/{}", d.group, d.what.resource_type(), d.name), &script.subscription);
        let at = -i64::try_from(d.ago.0).unwrap_or(i64::MAX);
        let mut script_of = Resource { id, location: Some(d.region.name().to_owned()), ..Resource::default() };
        script_of.properties = d.properties.clone();
        let mut thing = Thing::of(&script_of, &script.subscription, epoch);
        thing.made_at = at.saturating_sub(LIVED);
        thing.set_missing("provisioningState", "Succeeded");
        match d.what {
            DeletedKind::Vault => {
                thing.set_missing("softDeleteRetentionInDays", d.days.clamp(7, 90));
                thing.set_missing("enableRbacAuthorization", true);
                if d.purge_protection {
                    thing.set_missing("enablePurgeProtection", true);
                }
            }
            DeletedKind::StorageAccount => {
                thing.body.insert("kind".into(), json!("StorageV2"));
                thing.body.insert("sku".into(), json!({ "name": "Standard_LRS" }));
            }
            DeletedKind::MlWorkspace => {
                thing.body.insert("kind".into(), json!("Default"));
            }
            _ => {}
        }
        let kept = thing.bin().map_or(0, |b| b.1);
        Gone {
            what: d.what,
            region: d.region.name().to_owned(),
            at,
            until: at.saturating_add(kept),
            protected: d.purge_protection,
            thing,
            below: Vec::new(),
        }
    };
    let plain = |d: &&Deleted| d.what != DeletedKind::AIAccount && !d.what.in_vault();
    script.deleted.iter().filter(plain).map(build).collect()
}

/// Deleted secrets, keys and certificates of a scenario.
pub fn objects(script: &Script, things: &[Thing]) -> Vec<Object> {
    let build = |d: &Deleted| {
        let vault = |t: &&Thing| t.is("Microsoft.KeyVault/vaults") && t.name.eq_ignore_ascii_case(&d.vault);
        let days = things.iter().find(vault).map_or(i64::from(d.days), vault_days);
        let at = -i64::try_from(d.ago.0).unwrap_or(i64::MAX);
        Object {
            vault: d.vault.clone(),
            what: d.what,
            name: d.name.clone(),
            made_at: at.saturating_sub(LIVED),
            deleted: Some((at, at.saturating_add(days.saturating_mul(DAY)))),
        }
    };
    script.deleted.iter().filter(|d| d.what.in_vault()).map(build).collect()
}

/// The id that a scope of the scenario means: an ARM id, its end from the group on, or a group's name.
pub fn scope_id(subscription: &str, scope: &str) -> String {
    match scope {
        s if s.starts_with('/') => s.to_owned(),
        s if s.contains('/') => full_id(s, subscription),
        s => format!("/subscriptions/{subscription}/resourceGroups/{s}"),
    }
}

/// Locks of a scenario.
pub fn locks(script: &Script) -> Vec<Lock> {
    let build = |l: &String| Lock {
        scope: scope_id(&script.subscription, l),
        name: "keep".to_owned(),
        read_only: false,
        notes: "Kept by the scenario.".to_owned(),
    };
    script.locks.iter().map(build).collect()
}

impl World {
    /// A resource by its id.
    pub fn thing(&self, id: &str) -> Option<&Thing> {
        self.things.iter().find(|t| t.id.eq_ignore_ascii_case(id))
    }

    /// The same, to be changed.
    pub fn thing_mut(&mut self, id: &str) -> Option<&mut Thing> {
        self.things.iter_mut().find(|t| t.id.eq_ignore_ascii_case(id))
    }

    /// A resource of a type by its name, in any group.
    pub fn named(&self, kind: &str, name: &str) -> Option<&Thing> {
        self.things.iter().find(|t| t.is(kind) && t.name.eq_ignore_ascii_case(name))
    }

    /// Something in soft delete, by type and name.
    pub fn binned(&self, what: DeletedKind, name: &str, at: i64) -> Option<usize> {
        self.gone.iter().position(|g| g.what == what && g.thing.name.eq_ignore_ascii_case(name) && at < g.until)
    }

    /// A resource group by its name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|g| g.name.eq_ignore_ascii_case(name))
    }

    /// Puts a resource in place of the one of its id, or beside the others.
    pub fn put(&mut self, thing: Thing) {
        match self.thing_mut(&thing.id) {
            Some(present) => *present = thing,
            None => self.things.push(thing),
        }
    }

    /// Deletes a resource with everything below it; into its bin where it has one and is not to be purged at once.
    pub fn bury(&mut self, id: &str, at: i64, keep: bool) {
        let Some(thing) = self.thing(id).cloned() else { return };
        let (out, left): (Vec<Thing>, Vec<Thing>) =
            std::mem::take(&mut self.things).into_iter().partition(|t| under(&t.id, id));
        self.things = left;
        self.forget(id);
        let Some((what, kept)) = thing.bin().filter(|_| keep) else { return };
        // What hangs on a resource from another provider, as event subscriptions do, is lost; its own children are not,
        // apart from what only runs.
        let ran = ["computes", "onlineEndpoints", "deployments"];
        let own = |t: &Thing| {
            let rest = t.id.get(id.len()..).unwrap_or_default();
            !rest.is_empty() && !rest.contains("/providers/") && !ran.iter().any(|r| rest.contains(&format!("/{r}/")))
        };
        let mut thing = thing;
        thing.next = None;
        thing.set("provisioningState", "Succeeded");
        self.gone.retain(|g| g.what != what || !g.thing.id.eq_ignore_ascii_case(id));
        self.gone.push(Gone {
            what,
            region: Region::new(thing.location()).name().to_owned(),
            at,
            until: at.saturating_add(kept),
            protected: thing.get("enablePurgeProtection").as_bool().unwrap_or(false),
            below: out.into_iter().filter(own).map(|t| Thing { next: None, ..t }).collect(),
            thing,
        });
    }

    /// What ends with a resource: role assignments and locks on it.
    pub fn forget(&mut self, id: &str) {
        self.roles.retain(|r| !under(&r.scope, id));
        self.locks.retain(|l| !under(&l.scope, id));
    }

    /// Takes something out of its bin.
    pub fn revive(&mut self, n: usize) -> Thing {
        let gone = self.gone.remove(n);
        for t in gone.below {
            self.put(t);
        }
        self.put(gone.thing.clone());
        gone.thing
    }

    /// Lets happen what was due by now.
    pub fn settle_things(&mut self, at: i64) {
        loop {
            let due = |t: &&Thing| t.next.as_ref().is_some_and(|n| n.at <= at);
            // One after the other in the order of time: what is deleted takes its children with it.
            let first = self.things.iter().filter(due).min_by_key(|t| t.next.as_ref().map(|n| n.at));
            let Some(id) = first.map(|t| t.id.clone()) else { break };
            let Some(thing) = self.thing_mut(&id) else { break };
            let Some(next) = thing.next.take() else { break };
            match next.then {
                Then::Same => {}
                Then::Body(body) => thing.body = body,
                Then::Gone(keep) => self.bury(&id, next.at, keep),
            }
        }
        let due = |g: &Group| g.gone_at.is_some_and(|t| t <= at);
        while let Some(n) = self.groups.iter().position(due) {
            let group = self.groups.remove(n);
            self.empty(&group, group.gone_at.unwrap_or(at));
        }
        self.gone.retain(|g| at < g.until);
        self.objects.retain(|o| o.deleted.is_none_or(|(_, until)| at < until));
    }

    /// Deletes everything that was in a group.
    fn empty(&mut self, group: &Group, at: i64) {
        let here = |name: &str| name.eq_ignore_ascii_case(&group.name);
        // The shortest id first: children go with what they are in.
        while let Some(t) = self.things.iter().filter(|t| here(&t.group)).min_by_key(|t| t.id.len()) {
            let id = t.id.clone();
            self.bury(&id, at, true);
        }
        let (gone, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.accounts).into_iter().partition(|a| here(&a.group));
        self.accounts = left;
        self.deleted.extend(gone.into_iter().map(|mut a| {
            a.deleted_at = Some(at);
            a
        }));
        self.stores.retain(|s| !here(&s.group));
        self.profiles.retain(|p| !here(&p.group));
        let inside = |scope: &str| scope.split('/').nth(4).is_some_and(here);
        self.roles.retain(|r| !inside(&r.scope));
        self.locks.retain(|l| !inside(&l.scope));
    }
}
