//! Runbooks and plans in the binary.

macro_rules! texts {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../", $folder, "/", $name)))),*]
    };
}

/// Runbooks: name and text.
pub(super) const RUNBOOKS: &[(&str, &str)] = texts!("runbooks":
    "azure-openai.ron",
    "ai-foundry.ron",
    "azure-ml.ron",
    "operator-insights.ron",
    "multi-region-ai.ron",
    "recover-hub.ron",
    "recover-workspace.ron",
    "recover-ai-account.ron",
    "recover-storage.ron",
    "recover-vault.ron",
);

/// Plans for simulated worlds. The first is what the built-in rehearsals run.
pub(super) const PLANS: &[(&str, &str)] = texts!("assets/plans":
    "prod-chat.ron",
    "sandbox.ron",
    "ai-foundry.ron",
    "azure-ml.ron",
    "operator-insights.ron",
    "multi-region-ai.ron",
    "recover-hub.ron",
    "recover-workspace.ron",
    "recover-ai-account.ron",
    "recover-storage.ron",
    "recover-vault.ron",
);

/// Steps that the built-in runbooks share: path as they write it, and text.
const PARTS: &[(&str, &str)] = texts!("runbooks":
    "parts/common.ron",
    "parts/machine-learning.ron",
    "parts/recovery.ron",
);

/// Whether this very text is in the binary.
pub(super) fn has(text: &str) -> bool {
    [RUNBOOKS, PLANS, PARTS].into_iter().flatten().any(|(_, t)| *t == text)
}

/// A built-in part by its path: name and text.
pub(super) fn part(path: &str) -> Option<(String, Result<String, String>)> {
    let (path, text) = PARTS.iter().find(|(p, _)| *p == path)?;
    Some((format!("built-in/runbooks/{path}"), Ok((*text).to_owned())))
}
