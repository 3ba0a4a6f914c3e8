//! Runbooks and plans in the binary.

/// Name and text.
pub(super) const FILES: [(&str, &str); 3] = [
    ("azure-openai.ron", include_str!("../../runbooks/azure-openai.ron")),
    ("prod-chat.ron", include_str!("../../assets/plans/prod-chat.ron")),
    ("sandbox-plan.ron", include_str!("../../assets/plans/sandbox.ron")),
];
