//! Whether the computer lives on its battery, as Linux tells it; elsewhere nobody is asked.

use std::path::Path;

/// Where Linux lists what it is fed by.
pub const SUPPLIES: &str = "/sys/class/power_supply";

/// On battery: what feeds this computer is unplugged, or one of its own batteries runs down.
pub fn on_battery(supplies: &Path) -> bool {
    let Ok(all) = std::fs::read_dir(supplies) else { return false };
    let (mut plugs, mut fed, mut drained) = (false, false, false);
    for supply in all.flatten() {
        let said = |name| std::fs::read_to_string(supply.path().join(name)).unwrap_or_default();
        // The battery of a mouse says nothing of the computer.
        if said("scope").trim() == "Device" {
            continue;
        }
        match said("type").trim() {
            "Battery" => drained |= said("status").trim() == "Discharging",
            _ => {
                plugs = true;
                fed |= said("online").trim() == "1";
            }
        }
    }
    !fed && (drained || plugs)
}
