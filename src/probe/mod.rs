//! One observation of an endpoint, stage by stage.
