//! Record sets of Azure DNS. Every write is guarded by the ETag that was read.

use serde_json::{Map, Value, json};

use super::resources::{self, Resource};
use super::{Azure, AzureError};
use crate::clock::Task;

/// Types that can be written: the property that holds the records, and the field of one.
const TYPES: [(&str, &str, &str); 4] = [
    ("A", "ARecords", "ipv4Address"),
    ("AAAA", "AAAARecords", "ipv6Address"),
    ("CNAME", "CNAMERecord", "cname"),
    ("TXT", "TXTRecords", "value"),
];
/// Azure's own pieces of one text are no longer.
const TEXT_PIECE: usize = 255;

/// A record set.
pub type RecordSet = Resource<Value>;

/// How the records of one type are written.
#[derive(Debug, Clone, Copy)]
pub struct RecordType {
    property: &'static str,
    field: &'static str,
}

impl RecordType {
    /// By its name: `A`, `AAAA`, `CNAME`, `TXT`.
    pub fn named(name: &str) -> Option<Self> {
        let found = TYPES.iter().find(|(n, ..)| n.eq_ignore_ascii_case(name));
        found.map(|(_, property, field)| Self { property, field })
    }

    /// Only one value can be held.
    pub fn is_single(self) -> bool {
        self.property == "CNAMERecord"
    }

    /// Its values are texts of any kind.
    pub fn is_text(self) -> bool {
        self.field == "value"
    }

    /// Whether such a record can hold this: what leads nowhere serves nobody.
    pub fn takes(self, value: &str) -> bool {
        match self.property {
            "ARecords" => value.parse::<std::net::Ipv4Addr>().is_ok(),
            "AAAARecords" => value.parse::<std::net::Ipv6Addr>().is_ok(),
            "CNAMERecord" => {
                let name = value.strip_suffix('.').unwrap_or(value);
                let label = |l: &str| !l.is_empty() && l.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
                name.split('.').all(label)
            }
            _ => true,
        }
    }

    /// The values of a set.
    pub fn values(self, properties: &Value) -> Vec<String> {
        let text = |v: &Value| match &v[self.field] {
            Value::Array(pieces) => pieces.iter().filter_map(Value::as_str).collect::<String>(),
            v if self.is_text() => v.as_str().unwrap_or_default().to_owned(),
            v => v.as_str().unwrap_or_default().trim_end_matches('.').to_owned(),
        };
        match &properties[self.property] {
            Value::Array(all) => all.iter().map(text).collect(),
            one @ Value::Object(_) => vec![text(one)],
            _ => Vec::new(),
        }
    }

    /// The body of a set with these values; what else was set stays.
    pub fn body(self, values: &[String], ttl: u64, metadata: &Value) -> Value {
        let one = |v: &String| match self.field {
            "value" => {
                let pieces: Vec<char> = v.chars().collect();
                json!({ "value": pieces.chunks(TEXT_PIECE).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>() })
            }
            field => json!({ field: v }),
        };
        let records: Value = if self.is_single() {
            values.first().map(one).unwrap_or_default()
        } else {
            values.iter().map(one).collect()
        };
        let mut properties = Map::from_iter([("TTL".to_owned(), ttl.into()), (self.property.to_owned(), records)]);
        if metadata.as_object().is_some_and(|m| !m.is_empty()) {
            properties.insert("metadata".into(), metadata.clone());
        }
        json!({ "properties": properties })
    }
}

/// The record set; `None` where the zone has none of that name and type.
pub async fn record(azure: &Azure, task: &Task, id: &str) -> Result<Option<RecordSet>, AzureError> {
    resources::typed(azure, task, id, None).await
}
