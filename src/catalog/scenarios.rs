//! Scenarios in the binary.

/// One built-in scenario.
macro_rules! built_in {
    ($($name:literal)*) => { [$((concat!($name, ".ron"), include_str!(concat!("../../assets/scenarios/", $name, ".ron")))),*] };
}

/// Name and text, in the order of the library: the first moves of a newcomer, then what is rarer.
pub(super) const FILES: [(&str, &str); 19] = built_in![
    "region-loss"
    "training-lost"
    "hub-deleted"
    "vault-clock"
    "quota-exhausted"
    "stale-connection"
    "only-the-storage"
    "insights-zone"
    "all-degraded"
    "credentials-expire"
    "own-network"
    "fail-back-divergence"
    "account-clock"
    "throttling-storm"
    "shared-vault"
    "weighted-flap"
    "storage-deleted"
    "workspace-deleted"
    "sandbox"
];
