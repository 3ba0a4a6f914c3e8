//! `lifeboat rehearse`.
