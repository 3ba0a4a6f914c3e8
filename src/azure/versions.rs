//! The api-versions that are sent, in one place.
//!
//! An older version hides newer fields, and a GET and PUT through it would drop them; a newer one may not be rolled out
//! in a sovereign cloud yet. So: the newest version whose answers were checked against published examples.

/// Subscriptions.
pub const SUBSCRIPTIONS: &str = "2022-12-01";
/// Resource groups.
pub const GROUPS: &str = "2021-04-01";
/// Management locks.
pub const LOCKS: &str = "2020-05-01";
/// Cognitive Services accounts, deployments, models, usages.
pub const COGNITIVE: &str = "2025-06-01";
/// Resource Health and Service Health.
pub const HEALTH: &str = "2025-05-01";
/// Azure Monitor metrics.
pub const METRICS: &str = "2024-02-01";
/// Activity log.
pub const ACTIVITY: &str = "2015-04-01";
/// Azure OpenAI data plane.
pub const OPENAI: &str = "2024-10-21";
/// Key vault data plane.
pub const VAULT_DATA: &str = "7.4";
/// App Configuration data plane.
pub const APP_CONFIGURATION: &str = "2023-11-01";

/// By type; a child has the version of the nearest parent that is named here. Types compare without regard to case.
const BY_TYPE: [(&str, &str); 19] = [
    ("Microsoft.Resources/resourceGroups", GROUPS),
    ("Microsoft.Resources/deployments", "2022-09-01"),
    ("Microsoft.CognitiveServices", COGNITIVE),
    ("Microsoft.MachineLearningServices", "2024-10-01"),
    ("Microsoft.NetworkAnalytics", "2023-11-15"),
    // Every older version of the control plane stops in February 2027.
    ("Microsoft.KeyVault", "2026-02-01"),
    ("Microsoft.Storage", "2023-05-01"),
    ("Microsoft.ContainerRegistry", "2023-07-01"),
    ("Microsoft.AppConfiguration", "2024-05-01"),
    ("Microsoft.Insights/components", "2020-02-02"),
    ("Microsoft.OperationalInsights", "2023-09-01"),
    ("Microsoft.Network/trafficManagerProfiles", "2022-04-01"),
    ("Microsoft.Network/dnsZones", "2018-05-01"),
    ("Microsoft.Network/privateDnsZones", "2020-06-01"),
    ("Microsoft.Cdn/profiles", "2024-02-01"),
    ("Microsoft.Search/searchServices", "2023-11-01"),
    ("Microsoft.Authorization/locks", LOCKS),
    ("Microsoft.Authorization/roleAssignments", "2022-04-01"),
    ("Microsoft.ResourceHealth", HEALTH),
];
/// Providers and what they offer.
pub const PROVIDERS: &str = "2021-04-01";

/// The version for a type or a child of it; `None` where none was checked.
pub fn of(kind: &str) -> Option<&'static str> {
    let covers = |parent: &str| {
        let head = kind.get(..parent.len());
        head.is_some_and(|h| h.eq_ignore_ascii_case(parent))
            && matches!(kind.as_bytes().get(parent.len()), None | Some(b'/'))
    };
    BY_TYPE.iter().filter(|(parent, _)| covers(parent)).max_by_key(|(parent, _)| parent.len()).map(|(_, v)| *v)
}
