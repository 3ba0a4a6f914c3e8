//! Retention classes: how long a run's record is kept after its end, and on whose account.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// How long a record is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Class {
    /// Longer than the rules below ask for.
    #[default]
    SevenYears,
    /// PCI DSS.
    Pci,
    /// HIPAA.
    Hipaa,
    /// FCA.
    Fca,
    /// Nobody has said until when.
    UntilTold,
}

impl Class {
    /// All, in the order they are offered.
    pub const ALL: [Self; 5] = [Self::SevenYears, Self::Pci, Self::Hipaa, Self::Fca, Self::UntilTold];

    /// As it stands in the register.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SevenYears => "7-years",
            Self::Pci => "pci-12-months",
            Self::Hipaa => "hipaa-6-years",
            Self::Fca => "fca-6-years",
            Self::UntilTold => "until-told",
        }
    }

    /// From a record's text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }

    /// How long.
    pub const fn display(self) -> &'static str {
        match self {
            Self::SevenYears => "7 years",
            Self::Pci => "12 months",
            Self::Hipaa | Self::Fca => "6 years",
            Self::UntilTold => "until told",
        }
    }

    /// Why so long.
    pub const fn source(self) -> &'static str {
        match self {
            Self::SevenYears => "Lifeboat's default, longer than PCI DSS, HIPAA and the FCA ask for",
            Self::Pci => "PCI DSS 4.0, 10.5.1: audit logs for 12 months, the newest three at hand",
            Self::Hipaa => "HIPAA, 45 CFR 164.316(b)(2)(i): 6 years",
            Self::Fca => "FCA, SYSC 15A.6: each version for 6 years at least",
            Self::UntilTold => "kept until somebody chooses another class",
        }
    }

    /// `7 years (Lifeboat's default …)`.
    pub fn words(self) -> String {
        format!("{} ({})", self.display(), self.source())
    }

    /// The first instant at which a record whose last instant is `end` need not be kept any more (UTC ms); none: never by
    /// itself. Whole days by UTC, the last one included.
    pub fn until(self, end: i64) -> Option<i64> {
        let span = match self {
            Self::SevenYears => Span::new().years(7),
            Self::Pci => Span::new().months(12),
            Self::Hipaa | Self::Fca => Span::new().years(6),
            Self::UntilTold => return None,
        };
        let last = Timestamp::from_millisecond(end).ok()?.to_zoned(TimeZone::UTC).checked_add(span).ok()?;
        Some(last.tomorrow().ok()?.start_of_day().ok()?.timestamp().as_millisecond())
    }
}
