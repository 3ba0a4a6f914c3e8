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
/// App Configuration data plane.
pub const APP_CONFIGURATION: &str = "2023-11-01";
