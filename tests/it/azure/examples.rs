//! Published examples of Azure's answers, where a copy of them lies beside the repository.

use std::path::Path;

use lifeboat::azure::operation::Operation;
use lifeboat::azure::{cognitive, health, openai};
use lifeboat::units::Region;
use serde_json::{Value, json};

use super::{Do, Fake, account, signed_in};

/// `responses.200.body` of an example, or nothing without the folder.
fn body(name: &str) -> Option<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/azure-examples");
    if !folder.is_dir() {
        return None;
    }
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    Some(file["responses"]["200"]["body"].clone())
}

#[tokio::test]
async fn published_examples_are_understood() {
    let Some(an_account) = body("Microsoft.CognitiveServices/Accounts_Get.json") else {
        println!("left out: no copy of the published examples beside the repository");
        return;
    };
    let deployments = body("Microsoft.CognitiveServices/Deployments_List.json").unwrap();
    let usages = body("Microsoft.CognitiveServices/Usages_List.json").unwrap();
    let models = body("AzureOpenAI-data-plane/Models_List.json").unwrap();
    let status = body("Microsoft.ResourceHealth/AvailabilityStatuses_GetByResource.json").unwrap();
    let events = body("Microsoft.ResourceHealth/Events_ListBySubscriptionId.json").unwrap();
    let f = Fake::new(move |a| {
        signed_in(a).unwrap_or_else(|| match a.path.rsplit('/').next().unwrap() {
            "deployments" => Do::Say(200, deployments.clone()),
            "usages" => Do::Say(200, usages.clone()),
            "models" => Do::Say(200, models.clone()),
            _ => Do::Say(200, an_account.clone()),
        })
    })
    .await;
    let a = cognitive::existing(&f.azure, &f.task, &account("east")).await.unwrap();
    assert_eq!((a.kind.as_str(), a.state.as_str(), a.region.name()), ("Emotion", "Succeeded", "westus"));
    let d = cognitive::deployments(&f.azure, &f.task, &account("east")).await.unwrap();
    assert_eq!((d[0].name.as_str(), d[0].capacity, d[0].model_text().as_str()), ("deploymentName", 1, "ada 1"));
    let near = account("east").parse().unwrap();
    let u = cognitive::usages(&f.azure, &f.task, &near, &Region::new("westus")).await.unwrap();
    assert_eq!(u["AccountCount"], (3, 200));
    let (_, front) = openai::front_end(&f.azure, &f.task, &"https://east.openai.azure.com/".parse().unwrap()).await;
    assert!(front.unwrap().json().unwrap()["data"].is_array());
    let notice = health::availability(&status);
    assert_eq!((notice.status.as_str(), notice.by_customer, notice.since.is_some()), ("Unavailable", false, true));
    let told: Vec<_> = events["value"].as_array().unwrap().iter().filter_map(health::event).collect();
    assert!(told.iter().any(|n| n.tracking.as_deref() == Some("BC_1-FXZ") && n.regions == ["West US"]), "{told:?}");
    assert!(told.iter().all(|n| !n.text.contains('<')));
}

#[test]
fn operations_survive_as_text() {
    for text in
        ["async-operation https://management.azure.com/a?b=c", "location https://x.example/", "resource https://a.b/c"]
    {
        assert_eq!(text.parse::<Operation>().unwrap().to_string(), text);
    }
    assert!("teapot https://a.b/c".parse::<Operation>().is_err());
    assert!(serde_json::from_value::<lifeboat::azure::action::Change>(json!({})).is_err());
}
