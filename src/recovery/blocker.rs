//! What stands between something deleted and its recovery, by name.

use serde::{Deserialize, Serialize};

use super::board::Wait;
use super::deadline::{Alarm, Term};
use super::reading::Reading;
use super::thing::{Deleted, Kind};
use crate::plan::inventory::Found;
use crate::units::Region;

/// One thing in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "code")]
pub enum Blocker {
    /// Its resource group is gone.
    GroupMissing {
        /// Name.
        group: String,
        /// Where it was, if anybody knows.
        was: Option<Region>,
    },
    /// Its resource group is on its way out, and takes nothing in.
    GroupLeaving {
        /// Name.
        group: String,
        /// Where it is.
        is: Region,
    },
    /// Whether its group is there could not be read.
    GroupUnread {
        /// Name.
        group: String,
    },
    /// Its group is there again, in another region than before.
    OtherPlace {
        /// Name.
        group: String,
        /// Where it is.
        is: Region,
        /// Where it was.
        was: Region,
    },
    /// Something else has to come back before it.
    RecoverFirst {
        /// What.
        kind: Kind,
        /// Name.
        name: String,
        /// Azure says that it needs it; otherwise it was deleted beside it and is commonly needed.
        certain: bool,
    },
    /// Something has its name already.
    NameTaken {
        /// ARM id of what has it.
        by: String,
    },
    /// It was purged, or Azure keeps it no longer.
    Purged,
    /// Its time is over.
    Over,
}

impl Blocker {
    /// What is in the way of this thing, worst first.
    pub(super) fn of(
        d: &Deleted,
        term: &Term,
        reading: &Reading,
        waits: &[Wait],
        known: &[Found],
        now: i64,
    ) -> Vec<Self> {
        if d.purged {
            return vec![Self::Purged];
        }
        match term.alarm(now) {
            // There is no recovery that anything could be in the way of.
            Alarm::Lost => return Vec::new(),
            Alarm::Over => return vec![Self::Over],
            _ => {}
        }
        let mut out: Vec<Self> = taken(d, reading).into_iter().collect();
        out.extend(group(d, reading, known));
        let first = |w: &Wait| Self::RecoverFirst { kind: w.kind, name: w.name.clone(), certain: w.certain };
        out.extend(waits.iter().map(first));
        out
    }

    /// A word that scripts can rely on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::GroupMissing { .. } => "group-missing",
            Self::GroupLeaving { .. } => "group-leaving",
            Self::GroupUnread { .. } => "group-unread",
            Self::OtherPlace { .. } => "other-place",
            Self::RecoverFirst { .. } => "recover-first",
            Self::NameTaken { .. } => "name-taken",
            Self::Purged => "purged",
            Self::Over => "over",
        }
    }

    /// It is so, and not only likely.
    pub fn certain(&self) -> bool {
        !matches!(self, Self::GroupUnread { .. } | Self::RecoverFirst { certain: false, .. })
    }

    /// A short sentence.
    pub fn text(&self) -> String {
        match self {
            Self::GroupMissing { group, was: Some(r) } => {
                format!("resource group {group} is missing: create it empty in {} first", r.display())
            }
            Self::GroupMissing { group, was: None } => {
                format!("resource group {group} is missing: create it empty first, in its old region")
            }
            Self::GroupLeaving { group, is } => format!(
                "resource group {group} is being deleted: wait until it is gone, then create it empty in {}",
                is.display()
            ),
            Self::GroupUnread { group } => format!("whether resource group {group} is there could not be read"),
            Self::OtherPlace { group, is, was } => {
                format!("resource group {group} is in {} now; it was in {}", is.display(), was.display())
            }
            Self::RecoverFirst { kind, name, certain: true } => format!("{} {name} first", kind.word()),
            Self::RecoverFirst { kind, name, certain: false } => {
                format!("{} {name} first, if it needs it: both were deleted in one group", kind.word())
            }
            Self::NameTaken { by } => format!("its name is taken by {by}: the old one cannot come back beside it"),
            Self::Purged => "Azure does not keep it any more: it was purged, or its time is over".to_owned(),
            Self::Over => "its time is over".to_owned(),
        }
    }
}

/// Names of storage accounts are not reserved: whoever takes one ends the chance.
fn taken(d: &Deleted, reading: &Reading) -> Option<Blocker> {
    let same = |l: &&super::Live| l.kind == d.kind && l.name().eq_ignore_ascii_case(&d.name);
    (d.kind == Kind::StorageAccount)
        .then(|| reading.live.iter().find(same).map(|l| Blocker::NameTaken { by: l.id.clone() }))
        .flatten()
}

fn group(d: &Deleted, reading: &Reading, known: &[Found]) -> Option<Blocker> {
    // What lies in a vault needs no group; the vault is there.
    if d.kind.in_vault() || d.group.is_empty() {
        return None;
    }
    let group = d.group.clone();
    let id = format!("/subscriptions/{}/resourceGroups/{group}", d.subscription);
    let was = known.iter().find(|f| f.id.eq_ignore_ascii_case(&id)).map(|f| f.region.clone());
    match (reading.group(d), was) {
        (None, _) => Some(Blocker::GroupUnread { group }),
        (Some(None), was) => Some(Blocker::GroupMissing { group, was }),
        (Some(Some(is)), _) if reading.leaving.contains(&d.place()) => {
            Some(Blocker::GroupLeaving { group, is: is.clone() })
        }
        (Some(Some(is)), Some(was)) if *is != was => Some(Blocker::OtherPlace { group, is: is.clone(), was }),
        _ => None,
    }
}
