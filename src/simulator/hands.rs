//! What people do in the portal or with `az` while a rehearsal runs: requests to Resource Manager, past its door and every
//! fault, and the portal's own Recover.

use std::sync::Arc;

use hyper::{HeaderMap, Method};

use super::SimulatorError;
use super::arm;
use super::http::Ask;
use super::serve::Shared;
use super::things::with_ids;
use crate::rehearsal::things::{Deed, full_id};
use crate::runbook::model::Method as Verb;

impl Shared {
    /// Does one thing after the other and keeps the world; what was refused comes back in Azure's words.
    pub fn by_hand(self: &Arc<Self>, deeds: &[Deed]) -> Result<Vec<String>, SimulatorError> {
        let (facts, at) = (self.facts(), self.now());
        let subscription = facts.subscription();
        let mut world = self.locked();
        let mut refused = Vec::new();
        for deed in deeds {
            world.settle(at);
            world.changed = true;
            match deed {
                Deed::Arm { method, id, body } => {
                    let id = full_id(id, subscription);
                    let body = Some(with_ids(body, subscription)).filter(|b| !b.is_null());
                    let verb = match method {
                        Verb::Put => Method::PUT,
                        Verb::Patch => Method::PATCH,
                        Verb::Post => Method::POST,
                        Verb::Delete => Method::DELETE,
                    };
                    let (status, said) = arm::inner(facts, &mut world, verb, &id, body.as_ref(), at);
                    if status >= 400 {
                        refused.push(format!("{} {id}: {status} {}", method.name(), said["error"]["message"]));
                    }
                }
                Deed::Metric { id, name, value } => {
                    let id = full_id(id, subscription);
                    match world.thing_mut(&id) {
                        Some(thing) => drop(thing.metrics.insert(name.clone(), *value)),
                        None => refused.push(format!("{name} of {id}: it is not there")),
                    }
                }
                Deed::Portal(id) => {
                    let id = full_id(id, subscription);
                    let reply = arm::by_portal(&mut world, &portal(&id, at));
                    if reply.status >= 400 {
                        let said = reply.body.map(|(_, text)| text).unwrap_or_default();
                        refused.push(format!("Recover {id}: {} {said}", reply.status));
                    }
                }
            }
        }
        self.settle_change(&mut world)?;
        Ok(refused)
    }
}

fn portal(id: &str, at: i64) -> Ask {
    Ask {
        method: Method::POST,
        path: String::new(),
        target: String::new(),
        segments: Vec::new(),
        query: vec![("id".to_owned(), id.to_owned())],
        headers: HeaderMap::new(),
        body: bytes::Bytes::new(),
        at,
    }
}
