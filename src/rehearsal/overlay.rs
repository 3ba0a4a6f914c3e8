//! A world that begins with another one: several scenarios happen in the same company, each with what is different in it.

use super::scenario::World;
use super::things::full_id;

impl World {
    /// This world's own lines over another's: what has the same name takes its place, everything else stands beside it.
    pub fn over(self, base: Self) -> Self {
        let own = self;
        let gone = |name: &str| own.without.iter().any(|w| w.eq_ignore_ascii_case(name));
        let text = |own: &str, base: String| if own.is_empty() { base } else { own.to_owned() };
        let subscription = text(&own.subscription, base.subscription);
        let id = |end: &str| full_id(end, &subscription);
        let buried = |end: &str| {
            let whole = id(end);
            own.without.iter().filter(|w| w.contains('/')).any(|w| {
                let top = id(w);
                whole.eq_ignore_ascii_case(&top)
                    || whole.get(..top.len() + 1).is_some_and(|h| h.eq_ignore_ascii_case(&format!("{top}/")))
            })
        };
        let mut groups = base.groups;
        groups.retain(|name, _| !gone(name));
        groups.extend(own.groups.clone());
        let mut names = base.names;
        names.retain(|name, _| !gone(name));
        names.extend(own.names.clone());
        Self {
            environment: text(&own.environment, base.environment),
            tenant: text(&own.tenant, base.tenant),
            client_id: text(&own.client_id, base.client_id),
            client_secret: text(&own.client_secret, base.client_secret),
            accounts: merged(&own.accounts, base.accounts, |a| a.name.clone(), &gone),
            quotas: merged(&own.quotas, base.quotas, |q| format!("{}/{}", q.region.name(), q.model), &gone),
            stores: merged(&own.stores, base.stores, |s| s.name.clone(), &gone),
            profiles: merged(&own.profiles, base.profiles, |p| p.name.clone(), &gone),
            resources: merged(&own.resources, base.resources, |r| id(&r.id).to_ascii_lowercase(), &|_| false)
                .into_iter()
                .filter(|r| !buried(&r.id))
                .collect(),
            sites: merged(&own.sites, base.sites, |s| s.host.clone(), &gone),
            deleted: merged(&own.deleted, base.deleted, |d| format!("{:?}/{}", d.what, d.name), &|key| {
                key.split_once('/').is_some_and(|(_, name)| gone(name))
            }),
            locks: merged(&own.locks, base.locks, String::clone, &gone),
            more_subscriptions: merged(&own.more_subscriptions, base.more_subscriptions, |m| m.id.clone(), &gone),
            roles: [base.roles, own.roles.clone()].concat(),
            rights: if own.rights.is_empty() { base.rights } else { own.rights.clone() },
            witnesses: if own.witnesses.is_empty() { base.witnesses } else { own.witnesses.clone() },
            clients: own.clients.clone().or(base.clients),
            unseen: own.unseen,
            quick: own.quick,
            without: Vec::new(),
            groups,
            names,
            subscription,
        }
    }
}

/// Lines of the base in their order, each replaced by the own one of its name, then the own ones that are new.
fn merged<T: Clone>(own: &[T], base: Vec<T>, name: impl Fn(&T) -> String, gone: &dyn Fn(&str) -> bool) -> Vec<T> {
    let mut left: Vec<&T> = own.iter().collect();
    let mut out: Vec<T> = Vec::new();
    for line in base {
        match left.iter().position(|o| name(o) == name(&line)) {
            Some(n) => out.push(left.remove(n).clone()),
            None if gone(&name(&line)) => {}
            None => out.push(line),
        }
    }
    out.extend(left.into_iter().cloned());
    out
}
