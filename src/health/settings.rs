//! What a person may set of the watch. Everything has a default with its reason; a file that says nothing changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::thresholds::{Adjustment, Knob, Thresholds};
use crate::runbook::model::Tier;
use crate::units::{Region, known_region};

/// Hosts that have nothing to do with Azure's regions, run by different companies: while they answer, this laptop sees.
pub const WITNESSES: [&str; 3] = ["one.one.one.one", "dns.google", "www.wikipedia.org"];

/// More witnesses only cost; one is no witness, since it may fail by itself.
const WITNESS_COUNT: std::ops::RangeInclusive<usize> = 2..=10;
/// More addresses than this are no watch of one operator.
const MAX_ENDPOINTS: usize = 1_000;
/// A name that still fits into a table.
const MAX_NAME: usize = 64;
/// Less keeps no day of the usual addresses; more is no matter of a laptop.
const KEEP_MIB: std::ops::RangeInclusive<u32> = 8..=4_096;
/// Domains of Microsoft and Azure, and what runs on it: they would fall with the region that they shall witness.
const AZURE: [&str; 22] = [
    "azure.com",
    "azure.net",
    "azure.cn",
    "azure.us",
    "azureedge.net",
    "azurefd.net",
    "azurewebsites.net",
    "bing.com",
    "cloudapp.net",
    "github.com",
    "linkedin.com",
    "live.com",
    "msftconnecttest.com",
    "msftncsi.com",
    "msn.com",
    "office.com",
    "office365.com",
    "outlook.com",
    "sharepoint.com",
    "trafficmanager.net",
    "windows.com",
    "windows.net",
];

/// The watch as a person set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchSettings {
    /// Format version; 1.
    pub schema: u32,
    /// Hosts that tell whether this laptop sees; at least two, of different companies.
    pub witnesses: Vec<String>,
    /// Addresses that are watched beside those of the plan.
    pub endpoints: Vec<OwnEndpoint>,
    /// One-token calls of model deployments: they show capacity, and cost a little.
    pub model_calls: bool,
    /// A notice of the desktop when a verdict turns while the window is hidden.
    pub desktop_notices: bool,
    /// Room for observations on disk, in MiB.
    pub keep_mib: u32,
    /// Thresholds that differ from the default of their tier.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tiers: BTreeMap<Tier, Adjustment>,
}

/// An address of the operator's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnEndpoint {
    /// What it is called; unique.
    pub name: String,
    /// https, or http on this computer.
    pub url: String,
    /// Region it speaks for; empty: none.
    #[serde(default)]
    pub region: String,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            schema: 1,
            witnesses: WITNESSES.iter().map(|w| (*w).to_owned()).collect(),
            endpoints: Vec::new(),
            model_calls: false,
            desktop_notices: false,
            keep_mib: 64,
            tiers: BTreeMap::new(),
        }
    }
}

/// Something that cannot be set so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {sentence}")]
pub struct Mistake {
    /// Where, e.g. `witnesses`, `endpoints.shop`, `tiers.T1.window`.
    pub field: String,
    /// What is wrong, what may be, and what to do.
    pub sentence: String,
}

/// One threshold for the eye.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Of which tier.
    pub tier: Tier,
    /// Which number.
    pub knob: Knob,
    /// As it is called on a screen.
    pub name: &'static str,
    /// What it would be.
    pub default: String,
    /// What it is.
    pub value: String,
    /// What it may be.
    pub allowed: String,
    /// Why the default is so.
    pub reason: &'static str,
    /// Who says so: a document with its date, or judgement.
    pub source: &'static str,
    /// Whether somebody set it.
    pub changed: bool,
}

impl WatchSettings {
    /// The thresholds of a tier as they are set.
    pub fn thresholds(&self, tier: Tier) -> Thresholds {
        let default = Thresholds::of(tier);
        self.tiers.get(&tier).map_or(default, |set| default.with(set, tier))
    }

    /// The thresholds for a plan: the stricter of what is set here and what the plan asks for.
    pub fn for_plan(&self, tier: Tier, plan: &Adjustment) -> Thresholds {
        self.thresholds(tier).tightened(plan, tier)
    }

    /// Every threshold of every tier, with its reason.
    pub fn explained(&self) -> Vec<Explained> {
        let mut out = Vec::new();
        for tier in [Tier::T1, Tier::T2, Tier::T3] {
            let (default, now) = (Thresholds::of(tier), self.thresholds(tier));
            for knob in Knob::ALL {
                let (Some(range), Some(was), Some(is)) = (knob.range(tier), knob.get(&default), knob.get(&now)) else {
                    continue;
                };
                let unit = knob.unit();
                let (reason, source) = knob.reason(tier);
                out.push(Explained {
                    tier,
                    knob,
                    name: knob.title(),
                    default: unit.show(was),
                    value: unit.show(is),
                    allowed: unit.range(&range),
                    reason,
                    source,
                    changed: was != is,
                });
            }
        }
        out
    }

    /// Everything that cannot be set so; nothing when it is good.
    pub fn check(&self) -> Vec<Mistake> {
        let mut out = Vec::new();
        let mut say = |field: &str, sentence: String| out.push(Mistake { field: field.to_owned(), sentence });
        if self.schema != 1 {
            say(
                "schema",
                format!(
                    "{} is not known; this Lifeboat reads 1. Write 1, or use the Lifeboat that wrote it.",
                    self.schema
                ),
            );
        }
        self.check_witnesses(&mut say);
        self.check_endpoints(&mut say);
        if !KEEP_MIB.contains(&self.keep_mib) {
            let (least, most) = (KEEP_MIB.start(), KEEP_MIB.end());
            say(
                "keep_mib",
                format!(
                    "{} MiB is not between {least} and {most}. Write a number of MiB in that range; 64 is the default.",
                    self.keep_mib
                ),
            );
        }
        for (tier, set) in &self.tiers {
            check_tier(*tier, set, &mut say);
        }
        out
    }

    fn check_witnesses(&self, say: &mut impl FnMut(&str, String)) {
        let mut companies = BTreeSet::new();
        let mut hosts = BTreeSet::new();
        for host in &self.witnesses {
            let name = host.trim().trim_end_matches('.').to_ascii_lowercase();
            if let Err(why) = witness(&name) {
                say("witnesses", format!("“{host}” {why}"));
            } else if !hosts.insert(name.clone()) {
                say(
                    "witnesses",
                    format!("“{host}” is there twice. Name each host once; two of one host are one witness."),
                );
            } else {
                companies.insert(domain(&name).to_owned());
            }
        }
        let (least, most) = (*WITNESS_COUNT.start(), *WITNESS_COUNT.end());
        if self.witnesses.len() > most {
            say(
                "witnesses",
                format!("{} hosts are more than {most}. Take away those that tell nothing new.", self.witnesses.len()),
            );
        }
        if companies.len() < least {
            let text = format!(
                "at least {least} hosts of different companies are needed, so that one that fails is not taken for this laptop's \
                 network. Add one, for example {}.",
                WITNESSES.iter().find(|w| !companies.contains(domain(w))).unwrap_or(&WITNESSES[0])
            );
            say("witnesses", text);
        }
    }

    fn check_endpoints(&self, say: &mut impl FnMut(&str, String)) {
        if self.endpoints.len() > MAX_ENDPOINTS {
            say("endpoints", format!("{} addresses are more than {MAX_ENDPOINTS}. Watch fewer.", self.endpoints.len()));
        }
        let mut names = BTreeSet::new();
        for e in self.endpoints.iter().take(MAX_ENDPOINTS) {
            let name = e.name.trim();
            let field = format!("endpoints.{name}");
            if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
                say(
                    "endpoints",
                    format!(
                        "“{}” is no name for {}. Give it one of 1 to {MAX_NAME} letters.",
                        e.name.escape_debug(),
                        e.url
                    ),
                );
            } else if !names.insert(name.to_lowercase()) {
                say(&field, "the name is there twice. Give each address a name of its own.".to_owned());
            }
            if let Err(why) = address(&e.url) {
                say(&field, format!("“{}” {why}", e.url));
            }
            let region = e.region.trim();
            if !region.is_empty() && known_region(Region::new(region).name()).is_none() {
                say(
                    &field,
                    format!(
                        "“{region}” is no Azure region that is known here. Write its name, such as eastus, or leave it empty."
                    ),
                );
            }
        }
    }
}

/// Whether a host may be a witness.
fn witness(host: &str) -> Result<(), String> {
    let example = || format!("Write a host name such as {}.", WITNESSES[0]);
    let label = |l: &str| {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !l.is_empty() && l.len() <= 63 && l.chars().all(inner) && !l.starts_with('-') && !l.ends_with('-')
    };
    let numeric = host.rsplit('.').next().is_some_and(|l| !l.is_empty() && l.chars().all(|c| c.is_ascii_digit()));
    if numeric || matches!(Host::parse(&format!("[{host}]")), Ok(Host::Ipv6(_))) {
        return Err(format!("is an address, and shows nothing of DNS. {}", example()));
    }
    if host.len() > 253 || !host.contains('.') || !host.split('.').all(label) {
        return Err(format!("is no public host name. {}", example()));
    }
    let of = |d: &str| host == d || host.strip_suffix(d).is_some_and(|rest| rest.ends_with('.'));
    if AZURE.iter().any(|d| of(d)) || host.split('.').any(|l| l.starts_with("microsoft") || l.starts_with("azure")) {
        return Err(format!("is Microsoft's own and would fail together with Azure. {}", example()));
    }
    Ok(())
}

/// The last two labels: near enough to whose host it is.
fn domain(host: &str) -> &str {
    let at = host.rmatch_indices('.').nth(1).map_or(0, |(i, _)| i + 1);
    &host[at..]
}

/// Whether an address may be watched.
fn address(url: &str) -> Result<(), String> {
    let example = "Write it as https://host/path.";
    let parsed = Url::parse(url.trim()).map_err(|e| format!("is no address ({e}). {example}"))?;
    let here = match parsed.host() {
        Some(Host::Domain(d)) => d == "localhost",
        Some(Host::Ipv4(a)) => a.is_loopback(),
        Some(Host::Ipv6(a)) => a.is_loopback(),
        None => return Err(format!("names no host. {example}")),
    };
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("holds a name or a password, and settings are no place for secrets. Take them out.".to_owned());
    }
    match parsed.scheme() {
        "https" => Ok(()),
        "http" if here => Ok(()),
        "http" => Err("is not encrypted: anybody in between could answer in its place. Use https; http is for this computer only.".to_owned()),
        other => Err(format!("begins with {other}, which is not watched. {example}")),
    }
}

fn check_tier(tier: Tier, set: &Adjustment, say: &mut impl FnMut(&str, String)) {
    let place = |knob: Knob| format!("tiers.{tier:?}.{}", knob.name());
    let mut sane = true;
    for (knob, amount) in &set.0 {
        let unit = knob.unit();
        match knob.range(tier) {
            None => {
                sane = false;
                say(
                    &place(*knob),
                    format!(
                        "{tier:?} has no such rule: what is dear is never called for by a count alone. Take it out."
                    ),
                );
            }
            Some(range) if !range.contains(&amount.0) => {
                sane = false;
                let (is, may) = (unit.show(amount.0), unit.range(&range));
                say(
                    &place(*knob),
                    format!("{is} is not within {may}. Write a value in that range, or take it out for the default."),
                );
            }
            Some(_) => {}
        }
    }
    if !sane {
        return;
    }
    // Each number may be good and all of them together tell nothing.
    let mut wanted = Thresholds::of(tier);
    let calls = set.0.get(&Knob::WindowCalls).map(|a| a.0);
    wanted = wanted.with(set, tier);
    let fit = u64::try_from(wanted.calls_that_fit()).unwrap_or(u64::MAX);
    let calls = calls.or_else(|| Knob::WindowCalls.get(&Thresholds::of(tier))).unwrap_or(0);
    if calls > fit {
        let (window, every) = (wanted.window, wanted.interval);
        say(
            &place(Knob::WindowCalls),
            format!(
                "{calls} calls never come together in {window} at one every {every}: at most {fit} do. Set fewer calls, a longer window, or ask more often."
            ),
        );
    }
    if wanted.persistent_after.is_some_and(|n| n <= wanted.suspect_after) {
        let n = wanted.suspect_after;
        say(
            &place(Knob::PersistentAfter),
            format!("it must be more than the {n} failures that make it suspect. Raise it, or lower suspect_after."),
        );
    }
}
