//! Certificates from an authority that speaks ACME (RFC 8555): fetched, put in force, proved, and renewed in time.
//!
//! One task does it. All that it knows stands in `tls/acme/`, so that it may be killed anywhere and goes on from there.

mod challenges;
mod client;
mod failure;
mod fetching;
mod front;
mod order;
mod plan;
mod preflight;
mod proof;
mod renewal;
mod serving;
mod standing;
mod state;
mod store;
mod terms;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lifecycle::{Facts, Shutdown};
use prometheus_client::registry::Registry;
use tokio::sync::{Notify, watch};

use crate::config::AcmeConfig;
use crate::domains::{self, Domains};
use crate::lease::{Held, Lease};
use crate::random;
use crate::tls::{Certificates, OwnListener, Served, TlsError};

pub(crate) use challenges::Challenges;
pub use fetching::Fetching;
pub(crate) use fetching::inspect;
pub(crate) use front::Front;
pub use front::Renewal;
pub(crate) use order::Proof;
pub(crate) use terms::Terms;

use failure::Failure;
use order::{Buyer, Wanted};
use plan::{Step, View};
use serving::Serving;
use standing::Standing;
use state::{FIRST_PAUSE, State, Suggestion};
use store::Store;

/// How often the store is looked at: another edge may have put a certificate there.
const LOOK: Duration = Duration::from_secs(5);

/// What the task is made from.
pub(crate) struct Order<'a> {
    pub(crate) config: &'a AcmeConfig,
    /// At least one.
    pub(crate) domains: Domains,
    pub(crate) data: &'a Path,
    /// Who we are among the edges that share the store.
    pub(crate) holder: String,
    pub(crate) proof: Proof,
    /// Our own HTTPS listener.
    pub(crate) https: OwnListener,
    pub(crate) certificates: Arc<Certificates>,
}

/// The task.
pub(crate) struct Acme {
    buyer: Buyer,
    front: Front,
    terms: watch::Receiver<Arc<Terms>>,
    domains: Domains,
    /// As certificates spell them.
    names: Vec<String>,
    serving: Serving,
    wake: Arc<Notify>,
    /// There while somebody wants one fetched now: the names that have failed since.
    asked: Option<Vec<String>>,
    lease: Lease,
    /// There from the first step that only one edge may take to the next rest.
    held: Option<Held>,
}

impl Acme {
    /// Puts the certificate in force that an earlier start left; `None` if none shall be fetched.
    pub(crate) fn new(
        order: Order<'_>,
        facts: Facts,
        registry: &mut Registry,
    ) -> Result<Option<Self>, TlsError> {
        let Some(terms) = Terms::new(order.config)? else {
            return Ok(None);
        };
        let challenges = Challenges::inside(order.data);
        challenges
            .prepare()
            .map_err(|error| TlsError::File(order.data.join("tls/acme"), error))?;
        let store = Store::inside(order.data);
        let lease = store.lease(order.holder, terms.lease());
        let (sender, receiver) = watch::channel(Arc::new(terms));
        let buyer = Buyer {
            terms: Arc::clone(&receiver.borrow()),
            proof: order.proof,
            store,
            challenges: challenges.clone(),
        };
        let mut acme = Self {
            buyer,
            front: Front {
                challenges,
                standing: Arc::new(Standing::register(registry, facts)),
                terms: sender,
            },
            terms: receiver,
            names: domains::lower(&order.domains.now()),
            domains: order.domains,
            serving: Serving::new(order.certificates, order.https),
            wake: Arc::default(),
            asked: None,
            lease,
            held: None,
        };
        acme.adopt();
        Ok(Some(acme))
    }

    /// What requests, handshakes and reloads need of it.
    pub(crate) fn front(&self) -> Front {
        self.front.clone()
    }

    pub(crate) fn renewal(&self) -> Renewal {
        Renewal(Arc::clone(&self.wake))
    }

    /// Runs until the drain; what is under way is broken off, and gone on with at the next start.
    pub(crate) async fn run(mut self, mut shutdown: Shutdown) -> Result<(), String> {
        tokio::select! {
            () = shutdown.draining() => {}
            () = self.live() => {}
        }
        Ok(())
    }

    async fn live(&mut self) {
        loop {
            self.names = domains::lower(&self.domains.now());
            self.adopt();
            let standing = &self.front.standing;
            self.serving.prove(&self.names, standing).await;
            let (state, now) = (self.buyer.store.state(), Timestamp::now());
            self.agree(&state);
            let step = self.plan(&state, now);
            match (step, self.held.take()) {
                (Step::Rest(until), _) => {
                    self.front.standing.unkept.set(0);
                    self.rest(now, until).await;
                }
                // What the last holder did is looked at first.
                (_, None) if self.take() => {}
                (_, None) => self.rest(now, Timestamp::MAX).await,
                (Step::Order(names), Some(held)) => {
                    self.held = self.order(held, state, &names).await;
                }
                (Step::Ask, Some(held)) => self.held = self.ask(held, state).await,
            }
            if self.front.standing.unkept.get() > 0 {
                // What is not on disk is not known at the next look, which must not follow at once.
                self.held = None;
                tokio::time::sleep(FIRST_PAUSE).await;
            }
        }
    }

    fn adopt(&mut self) {
        let store = &self.buyer.store;
        self.serving.adopt(store, &self.names, Timestamp::now());
    }

    /// Goes by the terms in force. What failed on those before is tried at once.
    fn agree(&mut self, state: &State) {
        let terms = Arc::clone(&self.terms.borrow_and_update());
        if Arc::ptr_eq(&terms, &self.buyer.terms) {
            return;
        }
        self.lease.lasts(terms.lease());
        self.buyer.terms = terms;
        if !state.faults(&self.names).is_empty() {
            self.asked = Some(Vec::new());
        }
    }

    fn plan(&mut self, state: &State, now: Timestamp) -> Step {
        let served = self.serving.certificates.real();
        let view = View {
            state,
            served: served.as_deref(),
            domains: &self.names,
            now,
        };
        let missing = self.serving.missing(&self.names);
        self.front.standing.tell(&view, &missing);
        let place = state.next_order(now);
        if self.asked.is_some() && place > now {
            tracing::warn!(
                "too many orders were placed of late: the next one may be asked for at {place}"
            );
            self.front.standing.held_back.inc();
            self.asked = None;
        }
        match self.asked.as_ref().map(|failed| view.asked(failed)) {
            Some(names) if !names.is_empty() => Step::Order(names),
            _ => {
                self.asked = None;
                view.next()
            }
        }
    }

    /// True when no other edge is at it, and none will be until we rest.
    fn take(&mut self) -> bool {
        let taken = self.lease.take(Instant::now());
        self.front.standing.unkept.set(i64::from(taken.is_err()));
        self.held = taken.unwrap_or_else(|error| {
            tracing::error!(%error, "the lease in `tls/acme` can't be taken");
            None
        });
        self.held.is_some()
    }

    /// Ends early when somebody wants one fetched now, for other names or on other terms.
    async fn rest(&mut self, now: Timestamp, until: Timestamp) {
        let pause = Duration::try_from(until.duration_since(now)).unwrap_or_default();
        tokio::select! {
            () = tokio::time::sleep(pause.min(LOOK)) => {}
            () = self.wake.notified() => self.asked = Some(Vec::new()),
            () = self.domains.changed() => {}
            Ok(()) = self.terms.changed() => {}
        }
    }

    /// The lease is kept unless it was lost, which breaks the order off; whoever has it then goes on with it. One that is
    /// for the wrong names, or asked of the wrong authority, is broken off for good.
    async fn order(&mut self, held: Held, mut state: State, names: &[String]) -> Option<Held> {
        let old = self.serving.certificates.real();
        let left_out = self.names.iter().filter(|name| !names.contains(name));
        let left_out: Vec<_> = left_out.cloned().collect();
        let wanted = Wanted {
            names,
            left_out: &left_out,
            old: old.as_deref(),
        };
        let outcome = tokio::select! {
            outcome = self.buyer.buy(&held, &mut state, wanted) => outcome,
            () = self.domains.changed() => {
                tracing::info!("there are other names: the order for those before is broken off");
                return Some(held);
            }
            Ok(()) = self.terms.changed() => {
                tracing::info!("there are other terms: what is under way is begun again on these");
                return Some(held);
            }
            error = held.lose() => {
                tracing::warn!(%error, "the order is left to another edge");
                self.asked = None;
                return None;
            }
        };
        match outcome {
            Ok(()) => {
                self.asked = None;
                self.front.standing.fetched.inc();
                self.serving.forget();
            }
            Err(failure) => self.fail(&held, state, names, failure),
        }
        Some(held)
    }

    /// Asks the authority when to renew.
    async fn ask(&mut self, held: Held, mut state: State) -> Option<Held> {
        let served = self.serving.certificates.real()?;
        let suggestion = tokio::select! {
            suggestion = self.suggestion(&held, &served) => suggestion,
            error = held.lose() => {
                tracing::warn!(%error, "asking when to renew is left to another edge");
                return None;
            }
        };
        state.suggestion = Some(suggestion);
        self.keep(&held, &state);
        Some(held)
    }

    async fn suggestion(&self, held: &Held, served: &Served) -> Suggestion {
        let now = Timestamp::now();
        match self.buyer.account(held).await {
            Ok(account) => renewal::suggest(&account, served, now).await,
            Err(failure) => {
                tracing::warn!(error = %failure, "the authority does not say when to renew; our own rule holds");
                renewal::by_own_rule(served, now)
            }
        }
    }

    /// Notes it against the names at fault; the others go on without them.
    fn fail(&mut self, held: &Held, mut state: State, names: &[String], mut failure: Failure) {
        failure.retry_after = self.buyer.terms.client.retry_after();
        let is_news = state.fails(&failure, names, Timestamp::now(), random::fraction());
        // What is no longer wanted is nobody's trouble.
        state.troubles.retain(|name, _| self.names.contains(name));
        if is_news {
            tracing::error!(error = %failure, "no certificate was fetched; it is tried again, with pauses");
        } else {
            tracing::debug!(error = %failure, "again no certificate was fetched");
        }
        if failure.is_account_gone
            && let Err(error) = self.buyer.store.forget_account(held)
        {
            tracing::error!(%error, "`tls/acme/account.json` can't be removed");
        }
        if let Some(failed) = &mut self.asked {
            failed.extend(failure.at_fault(names).into_iter().cloned());
        }
        self.keep(held, &state);
    }

    fn keep(&self, held: &Held, state: &State) {
        let kept = self.buyer.store.keep_state(held, state);
        self.front.standing.unkept.set(i64::from(kept.is_err()));
        if let Err(error) = kept {
            tracing::error!(%error, "`tls/acme/state.json` can't be written");
        }
    }
}
