//! Putting other settings in force: whole or not at all, and without touching what stays the same.

use std::sync::Arc;

use super::Control;
use crate::config::Config;
use crate::descriptors;
use crate::rules::Rules;
use crate::start_error::StartError;
use crate::upstream::Charge;

impl Control {
    /// Puts these settings in force for every request from now on; connections keep the deadlines that they were opened
    /// with. Listeners, certificates and the log stay what they are. After an error, nothing has changed.
    pub fn reload(&self, config: Config) -> Result<(), StartError> {
        let shared = &self.shared;
        let before = shared.rules(0);
        let after = before.renewed(config, &shared.metrics)?;
        let bounds = &after.config.connections;
        let most = descriptors::connections(bounds.most).map_err(StartError::Descriptors)?;
        // From here on nothing fails.
        shared.connections.bound(most, bounds.per_address);
        shared.obey(&after);
        self.charge.send_replace(charge(&after));
        self.retire(&before, &after);
        Ok(())
    }

    /// Upstreams that are no more let go of their targets, and limits are no longer shown.
    fn retire(&self, before: &Rules, after: &Rules) {
        for upstream in before.routes.upstreams() {
            match after.routes.find(&upstream.name) {
                Some(same) if Arc::ptr_eq(same, &upstream) => {}
                Some(next) => upstream.yield_to(next),
                None => {
                    upstream.leave();
                    self.shared.metrics.upstreams.forget(&upstream.name);
                }
            }
        }
        let limits = after.config.all_limits();
        for gone in before.config.all_limits() {
            if limits.iter().all(|limit| limit.name != gone.name) {
                self.shared.metrics.limits.forget(&gone.name);
            }
        }
    }
}

/// Whom these rules have looked after.
pub(super) fn charge(rules: &Rules) -> Charge {
    Charge {
        upstreams: rules.routes.upstreams(),
        name_server: rules.config.name_server,
    }
}
