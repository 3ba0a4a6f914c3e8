//! Scenarios in the binary.

/// Name and text.
pub(super) const FILES: [(&str, &str); 4] = [
    ("region-loss.ron", include_str!("../../assets/scenarios/region-loss.ron")),
    ("quota-exhausted.ron", include_str!("../../assets/scenarios/quota-exhausted.ron")),
    ("own-network.ron", include_str!("../../assets/scenarios/own-network.ron")),
    ("sandbox.ron", include_str!("../../assets/scenarios/sandbox.ron")),
];
