//! Which rights a step needs: by its action, by what verifies it, and by what takes it back. Steps that a person does are
//! that person's, and need none here.

use crate::plan::model::{Plan, PlannedStep};
use crate::plan::rights::{Need, Purpose, Right, StepNeeds};
use crate::runbook::model::{Action, Condition, Method, Undo};
use crate::runbook::traits::{holder, kind, parent};
use crate::units::ResourceId;

const ACCOUNT: &str = "Microsoft.CognitiveServices/accounts";
const DEPLOYMENTS: &str = "Microsoft.CognitiveServices/accounts/deployments";
const REPLICAS: &str = "Microsoft.ContainerRegistry/registries/replications";
const KEY_VALUES: &str = "Microsoft.AppConfiguration/configurationStores/keyValues";

/// What every step of a plan needs, in order.
pub fn needs(plan: &Plan) -> Vec<StepNeeds> {
    plan.steps.iter().map(of_step).collect()
}

/// What one step needs, each thing once.
pub fn of_step(step: &PlannedStep) -> StepNeeds {
    let mut out = Needs::default();
    if let Some(action) = &step.action {
        out.action(action);
        if matches!(step.undo, Undo::RestorePrevious | Undo::DeleteCreated) {
            out.undo(action);
        }
    }
    for check in &step.verify {
        out.condition(&check.condition);
    }
    let mut needs = out.0;
    needs.sort();
    needs.dedup();
    StepNeeds { step: step.id.clone(), title: step.title.clone(), needs }
}

#[derive(Default)]
struct Needs(Vec<Need>);

impl Needs {
    fn one(&mut self, purpose: Purpose, action: impl Into<String>, scope: &str) {
        self.any(purpose, vec![control(action, scope)]);
    }

    fn any(&mut self, purpose: Purpose, any_of: Vec<Right>) {
        // A scope that is no id is a mistake that binding or checking names; nobody can be asked about it.
        if any_of.iter().all(|r| r.scope.parse::<ResourceId>().is_ok()) {
            self.0.push(Need { purpose, any_of });
        }
    }

    fn read(&mut self, kind: &str, scope: &str) {
        self.one(Purpose::Verify, format!("{kind}/read"), scope);
    }

    fn action(&mut self, action: &Action) {
        for right in action.rights() {
            self.any(Purpose::Change, vec![right]);
        }
    }

    /// Writing back takes the rights of the change itself; deleting what was created takes one more.
    fn undo(&mut self, action: &Action) {
        let undo = Purpose::Undo;
        match action {
            Action::CreateAccount { account, .. } => self.one(undo, format!("{ACCOUNT}/delete"), &group(account)),
            Action::CopyDeployments { to, .. } => self.one(undo, format!("{DEPLOYMENTS}/delete"), to),
            Action::DeleteCreatedDeployments { account } => self.one(undo, format!("{DEPLOYMENTS}/write"), account),
            Action::AddRegistryReplica { registry, .. } => self.one(undo, format!("{REPLICAS}/delete"), registry),
            Action::StartCompute { compute } => self.one(undo, format!("{}/stop/action", kind(compute)), compute),
            Action::StopCompute { compute } => self.one(undo, format!("{}/start/action", kind(compute)), compute),
            // Keys, record sets and requests may create; what they created is deleted.
            Action::SetAppConfiguration { store, .. } => {
                self.any(undo, vec![data(format!("{KEY_VALUES}/delete"), store)]);
            }
            Action::SetDnsRecord { record, .. } => self.one(undo, format!("{}/delete", kind(record)), &parent(record)),
            Action::ArmRequest { resource, method: Method::Put, .. } => {
                self.one(undo, format!("{}/delete", kind(resource)), &holder(resource));
            }
            _ => {}
        }
    }

    /// What a region offers and what is left of its quota.
    fn quota(&mut self, purpose: Purpose, near: &str) {
        let at = subscription(near);
        self.one(purpose, "Microsoft.CognitiveServices/locations/usages/read", &at);
        self.one(purpose, "Microsoft.CognitiveServices/locations/models/read", &at);
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            // Nobody signed in is needed for these, or no right at all.
            Condition::Person(_)
            | Condition::FailsPersistently { .. }
            | Condition::ObserverSees { .. }
            | Condition::StillFailsAfterRetry { .. }
            | Condition::Answers { .. }
            | Condition::SteadyFor { .. }
            | Condition::LatencyWithin { .. }
            | Condition::Http { .. }
            | Condition::DnsLeadsTo { .. } => {}
            Condition::PlatformNoticesRead { account, .. } => {
                self.read("Microsoft.ResourceHealth/availabilityStatuses", account);
                self.read("Microsoft.ResourceHealth/events", &subscription(account));
            }
            Condition::PlanesRead { primary, secondary } => {
                for account in [primary, secondary] {
                    self.read(&kind(account), account);
                }
            }
            Condition::NoOwnChange { account, .. } => {
                self.read("Microsoft.Insights/eventtypes/values", &subscription(account));
            }
            Condition::GroupIsIn { resource, .. } => {
                self.read("Microsoft.Resources/subscriptions/resourceGroups", &group(resource));
            }
            Condition::AccountReady { account } | Condition::OwnRegionsAvoid { resource: account, .. } => {
                self.read(ACCOUNT, account);
            }
            Condition::ModelsOffered { account, .. } => {
                self.read(DEPLOYMENTS, account);
                self.read("Microsoft.CognitiveServices/locations/models", &subscription(account));
            }
            Condition::DeploymentsMatch { account, like } | Condition::CapacityAtLeast { account, like } => {
                self.read(DEPLOYMENTS, account);
                self.read(DEPLOYMENTS, like);
            }
            Condition::QuotaCovers { like, account, .. } => {
                self.read(DEPLOYMENTS, account);
                self.read(DEPLOYMENTS, like);
                self.quota(Purpose::Verify, account);
            }
            Condition::DeploymentsAnswer { account } => {
                self.read(ACCOUNT, account);
                self.read(DEPLOYMENTS, account);
                let call = format!("{ACCOUNT}/OpenAI/deployments/chat/completions/action");
                let keys = format!("{ACCOUNT}/listKeys/action");
                self.any(Purpose::Verify, vec![data(call, account), control(keys, account)]);
            }
            Condition::CreatedDeploymentsGone { account } => self.read(DEPLOYMENTS, account),
            Condition::AppConfigurationIs { store, .. } => {
                self.any(Purpose::Verify, vec![data(format!("{KEY_VALUES}/read"), store)]);
            }
            Condition::ShareOfRequests { account, other, .. } => {
                self.read("Microsoft.Insights/metrics", account);
                self.read("Microsoft.Insights/metrics", other);
            }
            Condition::ErrorRateBelow { account, .. } | Condition::TelemetryArrives { account } => {
                self.read("Microsoft.Insights/metrics", account);
            }
            Condition::Metric { resource, .. } => self.read("Microsoft.Insights/metrics", resource),
            Condition::Locked { resource } => self.read("Microsoft.Authorization/locks", resource),
            Condition::ArmProperty { resource, .. } | Condition::ArmAbsent { resource } => {
                self.read(&kind(resource), resource);
            }
        }
    }
}

fn control(action: impl Into<String>, scope: &str) -> Right {
    Right { action: action.into(), scope: scope.to_owned(), data: false }
}

fn data(action: impl Into<String>, scope: &str) -> Right {
    Right { data: true, ..control(action, scope) }
}

fn subscription(id: &str) -> String {
    id.split('/').take(3).collect::<Vec<_>>().join("/")
}

/// The group of a resource; a new one is created in it.
fn group(id: &str) -> String {
    id.split('/').take(5).collect::<Vec<_>>().join("/")
}
