//! A small Azure that takes every change of the catalogue as Azure does: accepted, worked on, done; and goes wrong on
//! demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use super::super::{Asked, Do, Fake, absent, error, signed_in};

/// What goes wrong with the next change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// 429, with a time to come back.
    Throttled,
    /// Accepted, and then the operation fails.
    FailsLate,
    /// Taken in full, and no answer ever comes.
    Silent,
    /// Accepted; the operation runs for a while.
    Slow,
}

pub struct World {
    /// Lower-case path → body.
    pub there: BTreeMap<String, Value>,
    pub fault: Fault,
    /// Changes as they arrived, wherever they went.
    pub changes: Vec<Asked>,
    /// What an accepted change does when its operation is over.
    pending: Vec<Option<Asked>>,
    polls: usize,
}

pub type Shared = Arc<Mutex<World>>;

pub async fn start(before: &[(String, Value)]) -> (Fake, Shared) {
    let mut world =
        World { there: BTreeMap::new(), fault: Fault::None, changes: Vec::new(), pending: Vec::new(), polls: 0 };
    for (path, body) in before {
        world.put(path, body.clone());
    }
    let world = Arc::new(Mutex::new(world));
    let own = Arc::clone(&world);
    (Fake::new(move |a| signed_in(a).unwrap_or_else(|| own.lock().unwrap().answer(a))).await, world)
}

fn is_question(a: &Asked) -> bool {
    a.method == "GET" || ["/validate", "/whatIf", "/listKeys"].iter().any(|e| a.path.ends_with(e))
}

/// Data planes and DNS-like services answer at once.
fn at_once(path: &str) -> bool {
    ["/store/", "/hooks/", "/trafficmanagerprofiles/", "/dnszones/", "/vault/"].iter().any(|p| path.contains(p))
}

impl World {
    pub fn put(&mut self, path: &str, mut body: Value) {
        let name = path.rsplit('/').next().unwrap();
        if body.get("value").is_none() {
            let id = body.get("id").cloned().unwrap_or_else(|| json!(path));
            body["id"] = id;
            body["name"] = json!(name);
        }
        self.there.insert(path.to_ascii_lowercase(), body);
    }

    pub fn edit(&mut self, path: &str, pointer: &str, value: Value) {
        let body = self.there.get_mut(&path.to_ascii_lowercase()).unwrap_or_else(|| panic!("{path}"));
        *body.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} of {path}")) = value;
    }

    fn answer(&mut self, a: &Asked) -> Do {
        let path = a.path.to_ascii_lowercase();
        if let Some(n) = path.strip_prefix("/operations/") {
            return self.poll(n.parse().unwrap());
        }
        if is_question(a) {
            return self.look(&path);
        }
        self.changes.push(a.clone());
        match self.fault {
            Fault::Throttled => {
                self.fault = Fault::None;
                let body = json!({ "error": { "code": "TooManyRequests", "message": "Come back later." } });
                Do::With(429, vec![("retry-after", "17".into())], body)
            }
            Fault::Silent => {
                self.fault = Fault::None;
                self.apply(a);
                Do::Hang
            }
            Fault::FailsLate if at_once(&path) => {
                self.fault = Fault::None;
                error(400, "BadRequest", "It is refused after a look at it.")
            }
            _ if at_once(&path) => {
                self.apply(a);
                if self.there.contains_key(&path) { self.look(&path) } else { Do::Say(200, json!({})) }
            }
            fault => {
                self.pending.push((fault != Fault::FailsLate).then(|| a.clone()));
                let at = format!("http://{}/operations/{}?api-version=1", a.header("host"), self.pending.len() - 1);
                self.polls = 0;
                Do::With(202, vec![("azure-asyncoperation", at)], json!({}))
            }
        }
    }

    fn poll(&mut self, n: usize) -> Do {
        self.polls += 1;
        if self.polls < 3 {
            return Do::Say(200, json!({ "status": "Running", "percentComplete": 30 }));
        }
        match self.pending[n].clone() {
            Some(a) => {
                self.apply(&a);
                Do::Say(200, json!({ "status": "Succeeded" }))
            }
            None => {
                self.fault = Fault::None;
                let why = json!({ "code": "InternalServerError", "message": "It broke half way." });
                Do::Say(200, json!({ "status": "Failed", "error": why }))
            }
        }
    }

    fn look(&self, path: &str) -> Do {
        if path.ends_with("/validate") {
            return Do::Say(200, json!({}));
        }
        if path.ends_with("/whatif") {
            return Do::Say(200, self.there["/whatif"].clone());
        }
        if let Some(body) = self.there.get(path) {
            let tag = body.get("etag").and_then(Value::as_str).map(|t| ("etag", t.to_owned()));
            return Do::With(200, tag.into_iter().collect(), body.clone());
        }
        if path.contains("/store/") {
            return Do::Text(404, String::new());
        }
        let depth = path.matches('/').count() + 1;
        let child = |(k, _): &(&String, &Value)| k.starts_with(&format!("{path}/")) && k.matches('/').count() == depth;
        let rows: Vec<Value> = self.there.iter().filter(child).map(|(_, v)| v.clone()).collect();
        let last = path.rsplit('/').next().unwrap();
        let list = [
            "deployments",
            "replications",
            "origins",
            "models",
            "usages",
            "deletedworkspaces",
            "deletedaccounts",
            "workspaces",
        ];
        if list.contains(&last) { Do::Say(200, json!({ "value": rows })) } else { absent() }
    }

    fn apply(&mut self, a: &Asked) {
        let path = a.path.to_ascii_lowercase();
        let (parent, verb) = path.rsplit_once('/').unwrap();
        match (a.method.as_str(), verb) {
            ("POST", "failover") => {
                let p = &mut self.there.get_mut(parent).unwrap()["properties"];
                let (first, second) = (p["primaryLocation"].take(), p["secondaryLocation"].take());
                (p["primaryLocation"], p["secondaryLocation"]) = (second, first);
            }
            ("POST", "start" | "stop") => {
                let state = if verb == "start" { "Running" } else { "Stopped" };
                self.edit(parent, "/properties/properties/state", json!(state));
            }
            ("POST", "recover") => {
                self.there.remove(parent);
                let versions = format!("{}/versions", parent.replace("/deleted", "/"));
                self.there.insert(versions, json!({ "value": [{ "id": "https://kv/secrets/key/1" }] }));
            }
            ("POST", _) => {}
            ("DELETE", _) => {
                self.there.remove(&path);
            }
            _ => self.write(a, &path),
        }
    }

    fn write(&mut self, a: &Asked, path: &str) {
        let mut body = a.body.clone();
        if path.contains("/providers/microsoft.resources/deployments/") {
            body = json!({ "properties": { "mode": "Incremental" } });
            self.there.insert("/whatif".into(), json!({ "status": "Succeeded", "properties": { "changes": [] } }));
        }
        if let Some(p) = body.get_mut("properties").and_then(Value::as_object_mut) {
            p.remove("restore");
            p.remove("createMode");
            p.insert("provisioningState".into(), json!("Succeeded"));
        }
        let mut now = match (self.there.remove(path), a.method.as_str()) {
            (Some(now), "PATCH") => now,
            (now, _) => now
                .filter(|n| n["location"].is_string())
                .map_or_else(|| json!({}), |n| json!({ "location": n["location"] })),
        };
        merge(&mut now, &body);
        // Everything that ARM shows has properties.
        if !path.contains("/store/") && now.get("properties").is_none() {
            now["properties"] = json!({});
        }
        if path.contains("/dnszones/") {
            now["etag"] = json!(format!("tag-{}", self.changes.len()));
        }
        if path.contains("/store/") {
            now["etag"] = json!(format!("tag-{}", self.changes.len()));
            self.there.insert(path.to_owned(), now);
            return;
        }
        // A profile shows its endpoints within itself.
        if let Some((profile, _)) = path.split_once("/externalendpoints/") {
            let id = a.path.to_ascii_lowercase();
            let all = self.there.get_mut(profile).unwrap()["properties"]["endpoints"].as_array_mut().unwrap();
            let own = all.iter_mut().find(|e| e["id"].as_str().unwrap().eq_ignore_ascii_case(&id)).unwrap();
            merge(own, &body);
            now = own.clone();
        }
        let id = now["id"].as_str().unwrap_or(&a.path).to_owned();
        self.put(&id, now);
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (k, v) in from {
                merge(into.entry(k.clone()).or_insert(Value::Null), v);
            }
        }
        (into @ Value::Null, Value::Object(from)) => {
            *into = Value::Object(Map::new());
            for (k, v) in from {
                merge(&mut into[k.as_str()], v);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
