//! A plan against what there is: what a field may hold, and which of its values cannot be right.
//!
//! An inventory is a list of resources as somebody read it at a time; it may be old. So its findings are advice beside the
//! fields, and binding a plan does not depend on it.

use serde::{Deserialize, Serialize};

use super::model::Plan;
use crate::runbook::diagnostic::{Severity, near};
use crate::runbook::model::{Action, Parameter, ParameterKind, Role, Runbook, System};
use crate::units::{Millis, Region, ResourceId, known_regions};

/// Suggestions for one field; more are no help in a list that is picked from.
const MAX_SUGGESTIONS: usize = 50;
/// Type of the accounts whose tiers matter.
const ACCOUNT: &str = "Microsoft.CognitiveServices/accounts";
const GROUP: &str = "Microsoft.Resources/resourceGroups";
/// Tiers that are for trying out: one a subscription, small limits, no second region.
const FREE: [&str; 2] = ["F0", "Free"];
/// An account of this kind serves several services at once, which multi-region settings do not support.
const MULTI_SERVICE: &str = "CognitiveServices";
/// What is everywhere lies in no region.
const GLOBAL: &str = "global";

/// One resource, or resource group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// ARM id.
    pub id: String,
    /// `Microsoft.KeyVault/vaults`.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Name.
    pub name: String,
    /// Region; `global`, or empty, for what lies in none.
    pub region: Region,
    /// Kind, where the type has kinds.
    #[serde(default)]
    pub kind: Option<String>,
    /// Name of the tier.
    #[serde(default)]
    pub sku: Option<String>,
}

/// What there was at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// When it was read, UTC milliseconds.
    pub at: i64,
    /// Everything found.
    pub resources: Vec<Found>,
}

/// Something that a field may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The value itself.
    pub value: String,
    /// What to show for it.
    pub label: String,
    /// What tells it from others of a similar name.
    pub about: String,
}

/// Something wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The parameter, at whose field it is shown.
    pub parameter: String,
    /// `PL011` and up.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub advice: String,
    /// A value that was probably meant.
    pub instead: Option<String>,
}

impl Inventory {
    /// How old it is.
    pub fn age(&self, now_utc: i64) -> Millis {
        Millis(u64::try_from(now_utc.saturating_sub(self.at)).unwrap_or(0))
    }

    /// A resource by its id.
    pub fn get(&self, id: &str) -> Option<&Found> {
        self.resources.iter().find(|r| r.id.eq_ignore_ascii_case(id))
    }

    /// What a field of this kind may hold that fits what was typed so far, the best fit first.
    pub fn complete(&self, kind: &ParameterKind, typed: &str) -> Vec<Suggestion> {
        let typed = typed.trim().to_lowercase();
        let mut out: Vec<(u8, Suggestion)> = match kind {
            ParameterKind::Region => known_regions()
                .iter()
                .filter_map(|r| {
                    let rank = fit(&typed, &r.name).into_iter().chain(fit(&typed, &r.display_name)).min()?;
                    Some((rank, suggestion(&r.name, &r.display_name, &r.geography)))
                })
                .collect(),
            ParameterKind::Resource(of) => {
                let here = |r: &&Found| of.is_empty() || r.resource_type.eq_ignore_ascii_case(of);
                let one = |r: &Found| {
                    // What fits the name best is meant first. Elsewhere stray letters fit everything, so they do not count.
                    let around =
                        [group(&r.id), r.region.name(), &r.id].map(|w| fit(&typed, w).filter(|f| *f < LETTERS));
                    let rank = fit(&typed, &r.name).or_else(|| Some(around.into_iter().flatten().min()? + LETTERS))?;
                    let about = format!("{}, {}", group(&r.id), r.region.display());
                    Some((rank, suggestion(&r.id, &r.name, &about)))
                };
                self.resources.iter().filter(here).filter_map(one).collect()
            }
            ParameterKind::Choice(of) => {
                of.iter().filter_map(|c| Some((fit(&typed, c)?, suggestion(c, c, "")))).collect()
            }
            _ => Vec::new(),
        };
        out.sort_by(|a, b| (a.0, &a.1.label, &a.1.value).cmp(&(b.0, &b.1.label, &b.1.value)));
        out.into_iter().take(MAX_SUGGESTIONS).map(|(_, s)| s).collect()
    }

    fn covers(&self, subscription: &str) -> bool {
        let own = |r: &Found| r.id.split('/').nth(2).is_some_and(|s| s.eq_ignore_ascii_case(subscription));
        self.resources.iter().any(own)
    }
}

/// What is wrong with a plan's resources, by what there is. What the inventory cannot know is no finding.
pub fn check(plan: &Plan, runbook: &Runbook, inventory: &Inventory) -> Vec<Finding> {
    let mut out = Vec::new();
    for p in &runbook.parameters {
        let ParameterKind::Resource(_) = p.kind else { continue };
        let Some(id) = plan.values.get(&p.name).and_then(|v| v.parse::<ResourceId>().ok()) else { continue };
        let look = Look { inventory, plan, runbook, parameter: p, id: &id };
        out.extend(look.findings());
    }
    out
}

fn suggestion(value: &str, label: &str, about: &str) -> Suggestion {
    Suggestion { value: value.to_owned(), label: label.to_owned(), about: about.to_owned() }
}

/// The weakest fit: the letters are there, in order, with others between.
const LETTERS: u8 = 3;

/// How well a word fits what was typed, in lower case: the same, begins so, holds it, holds its letters in this order.
fn fit(typed: &str, word: &str) -> Option<u8> {
    let word = word.to_lowercase();
    if word == typed {
        return Some(0);
    }
    if word.starts_with(typed) {
        return Some(1);
    }
    if word.contains(typed) {
        return Some(2);
    }
    let mut letters = word.chars();
    typed.chars().all(|t| letters.any(|w| w == t)).then_some(LETTERS)
}

/// The resource group in an id.
fn group(id: &str) -> &str {
    let mut parts = id.split('/').skip_while(|p| !p.eq_ignore_ascii_case("resourceGroups"));
    parts.nth(1).unwrap_or_default()
}

/// One value of a plan against the inventory.
struct Look<'a> {
    inventory: &'a Inventory,
    plan: &'a Plan,
    runbook: &'a Runbook,
    parameter: &'a Parameter,
    id: &'a ResourceId,
}

impl Look<'_> {
    fn findings(&self) -> Vec<Finding> {
        // What stands there unless somebody says otherwise names nothing of anybody's.
        let default = self.parameter.default.as_deref();
        if default.is_some_and(|d| d.trim_end_matches('/').eq_ignore_ascii_case(self.id.as_str())) {
            return Vec::new();
        }
        if !self.inventory.covers(self.id.subscription()) {
            let message = format!("`{}` lies in another subscription than what was looked through", self.id.name());
            return vec![self.finding(Severity::Note, "PL016", message, "look it up there by hand".to_owned())];
        }
        match self.inventory.get(self.id.as_str()) {
            None => self.absent().into_iter().collect(),
            Some(found) => {
                [self.region(found), self.tier(found), self.kind(found), self.group()].into_iter().flatten().collect()
            }
        }
    }

    fn finding(&self, severity: Severity, code: &'static str, message: String, advice: String) -> Finding {
        let parameter = self.parameter.name.clone();
        Finding { parameter, code, severity, message, advice, instead: None }
    }

    fn absent(&self) -> Option<Finding> {
        // What is to be recovered is gone, what the run creates is not there yet, and not every child is listed.
        let id = self.id.as_str();
        let parent = self.id.kind().matches('/').count() > 1;
        let parent = parent.then(|| id.rsplitn(3, '/').last().unwrap_or_default());
        let excused = self.runbook.system == System::SoftDelete
            || self.created()
            || parent.is_some_and(|p| self.inventory.get(p).is_some());
        if excused {
            return None;
        }
        let wanted = self.id.kind();
        let rank = |r: &&Found| {
            near(self.id.name(), &r.name).map(|d| (d, !group(&r.id).eq_ignore_ascii_case(self.id.group())))
        };
        let same_type = self.inventory.resources.iter().filter(|r| r.resource_type.eq_ignore_ascii_case(&wanted));
        let meant = same_type.filter(|r| rank(r).is_some()).min_by_key(rank);
        let mut message = format!("there is no `{}` in the group `{}`", self.id.name(), self.id.group());
        let no_group =
            !self.id.group().is_empty()
                && !self.inventory.resources.iter().any(|r| {
                    r.resource_type.eq_ignore_ascii_case(GROUP) && r.name.eq_ignore_ascii_case(self.id.group())
                });
        if no_group {
            message = format!("there is no `{}`: its group `{}` does not exist", self.id.name(), self.id.group());
        }
        // On a quiet day the second side may not have been made yet.
        let severity = if self.parameter.role == Some(Role::Secondary) { Severity::Warning } else { Severity::Error };
        let advice = match meant {
            Some(m) => format!("did you mean `{}` in `{}`?", m.name, group(&m.id)),
            None => format!("create it, or name another {wanted}"),
        };
        Some(Finding { instead: meant.map(|m| m.id.clone()), ..self.finding(severity, "PL011", message, advice) })
    }

    /// Whether a step of the runbook makes it.
    fn created(&self) -> bool {
        let written = format!("{{{}}}", self.parameter.name);
        let makes = |a: &Action| matches!(a, Action::CreateAccount { account, .. } if *account == written);
        self.runbook.steps.iter().filter_map(|s| s.action.as_ref()).any(makes)
    }

    /// The region of the side that the parameter describes.
    fn side(&self) -> Option<(&'static str, &Region)> {
        match self.parameter.role? {
            Role::Primary => Some(("primary", &self.plan.primary.region)),
            Role::Secondary => Some(("secondary", &self.plan.secondary.as_ref()?.region)),
        }
    }

    fn region(&self, found: &Found) -> Option<Finding> {
        let (side, wanted) = self.side()?;
        if matches!(found.region.name(), "" | GLOBAL) || found.region == *wanted {
            return None;
        }
        let message =
            format!("`{}` is in {}, and the {side} region is {}", found.name, found.region.display(), wanted.display());
        let advice = "name the resource of that region, or change the region".to_owned();
        Some(self.finding(Severity::Error, "PL012", message, advice))
    }

    fn tier(&self, found: &Found) -> Option<Finding> {
        let sku = found.sku.as_deref()?;
        let free = FREE.iter().any(|f| f.eq_ignore_ascii_case(sku));
        if !free || !found.resource_type.eq_ignore_ascii_case(ACCOUNT) {
            return None;
        }
        let message =
            format!("`{}` has the free tier {sku}, which is not meant for users and cannot be moved", found.name);
        Some(self.finding(Severity::Error, "PL013", message, "name an account of a paid tier, such as S0".to_owned()))
    }

    fn kind(&self, found: &Found) -> Option<Finding> {
        let several = found.kind.as_deref().is_some_and(|k| k.eq_ignore_ascii_case(MULTI_SERVICE));
        let concerned =
            self.runbook.system == System::MultiRegionAI && found.resource_type.eq_ignore_ascii_case(ACCOUNT);
        if !several || !concerned {
            return None;
        }
        let message = format!("`{}` is a multi-service account, which cannot serve from several regions", found.name);
        Some(self.finding(Severity::Error, "PL014", message, "name an account of the single service".to_owned()))
    }

    fn group(&self) -> Option<Finding> {
        let (side, wanted) = self.side()?;
        let is = |r: &&Found| {
            r.resource_type.eq_ignore_ascii_case(GROUP)
                && group(&r.id).eq_ignore_ascii_case(self.id.group())
                && r.id.split('/').nth(2).is_some_and(|s| s.eq_ignore_ascii_case(self.id.subscription()))
        };
        let found = self.inventory.resources.iter().find(is)?;
        if found.region == *wanted || found.region.name().is_empty() {
            return None;
        }
        let (name, there, here) = (&found.name, found.region.display(), wanted.display());
        let message = format!("the group `{name}` of the {side} resource lies in {there}, not in {here}");
        let advice = format!("move it to a group in {here}: while {there} is down, nothing in `{name}` can be changed");
        Some(self.finding(Severity::Warning, "PL015", message, advice))
    }
}
