//! One order, brought from wherever it stands to its certificate; it may be broken off anywhere and gone on with.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationHandle, AuthorizationStatus, ChallengeType, Identifier, KeyAuthorization,
    NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use jiff::Timestamp;
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};
use tokio::time::{Instant, sleep};

use super::challenges::{Challenges, Shown};
use super::failure::{Failure, explain};
use super::preflight;
use super::renewal;
use super::state::{Pending, State};
use super::store::{Pair, Registered, Store};
use super::terms::Terms;
use crate::lease::Held;
use crate::tls::Served;

/// How long the authority may take to look at the proofs, and to sign.
const PATIENCE: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(250))
    .backoff(1.5)
    .timeout(Duration::from_secs(90));

/// How long a name whose proof stands may still be looked at, once another has failed the order.
const LAST_LOOK: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// How a name is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By plain HTTP, where that listener is open.
    Http,
    /// By a handshake of its own.
    Tls,
}

/// What is ordered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) names: &'a [String],
    /// Those that shall have a certificate as well, and can't be in this one.
    pub(crate) left_out: &'a [String],
    /// The certificate in whose place it comes.
    pub(crate) old: Option<&'a Served>,
}

/// Who orders, and by which means.
pub(crate) struct Buyer {
    pub(crate) terms: Arc<Terms>,
    pub(crate) store: Store,
    pub(crate) challenges: Challenges,
    pub(crate) proof: Proof,
}

impl Buyer {
    /// The account at the authority; made if there is none for its directory yet.
    pub(crate) async fn account(&self, held: &Held) -> Result<Account, Failure> {
        let builder = || Account::builder_with_http(Box::new(self.terms.client.clone()));
        let email = self.terms.config.email.clone();
        let directory = self.terms.directory.clone();
        let kept = self.store.account();
        if let Some(kept) = kept.filter(|kept| kept.directory == directory) {
            let known = kept.email;
            let account = builder().from_credentials(kept.credentials).await?;
            if known != email {
                self.tell_email(held, &account, email).await?;
            }
            return Ok(account);
        }
        let contact = contact(email.as_deref());
        let contact: Vec<_> = contact.iter().map(String::as_str).collect();
        let wanted = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (account, credentials) = builder().create(&wanted, directory.clone(), None).await?;
        let registered = Registered {
            directory,
            email,
            credentials,
        };
        self.store.keep_account(held, &registered)?;
        Ok(account)
    }

    /// A certificate need not wait for that: what the authority was not told, it is told with the next order.
    async fn tell_email(
        &self,
        held: &Held,
        account: &Account,
        email: Option<String>,
    ) -> Result<(), Failure> {
        let contact = contact(email.as_deref());
        let contact: Vec<_> = contact.iter().map(String::as_str).collect();
        match account.update_contacts(&contact).await {
            Ok(()) => self.store.keep_email(held, email)?,
            Err(error) => {
                tracing::warn!(%error, "the authority can't be told the other `edge.acme.email`");
            }
        }
        Ok(())
    }

    /// Goes on with the order that was begun, or begins one; writes the certificate into the store.
    pub(crate) async fn buy(
        &self,
        held: &Held,
        state: &mut State,
        wanted: Wanted<'_>,
    ) -> Result<(), Failure> {
        self.challenges.clear(held)?;
        let account = self.account(held).await?;
        let (mut order, key) = match self.resume(&account, state, wanted.names).await? {
            Some(begun) => begun,
            None => self.begin(held, &account, state, wanted).await?,
        };
        // They stand until the authority has looked at each name, also where one has failed the order by then.
        let mut shown = Vec::new();
        let home = self.bring_home(&mut order, &key, wanted.names, &mut shown);
        let chain = match home.await {
            Ok(chain) => chain,
            Err(failure) => return Err(explained(state, &mut order, failure).await),
        };
        let pair = Pair {
            chain: &chain,
            key: &key.serialize_pem(),
        };
        self.store.keep_certificate(held, pair, wanted.left_out)?;
        *state = state.after_success(wanted.names);
        self.store.keep_state(held, state)?;
        Ok(())
    }

    /// The order that an earlier attempt left, if it is for the same names and still good for something.
    async fn resume(
        &self,
        account: &Account,
        state: &mut State,
        names: &[String],
    ) -> Result<Option<(Order, KeyPair)>, Failure> {
        let Some(pending) = state.order.take() else {
            return Ok(None);
        };
        if pending.domains != names || pending.directory != self.terms.directory {
            return Ok(None);
        }
        let key = KeyPair::from_pem(&pending.key)?;
        match account.order(pending.url.clone()).await {
            Ok(mut order) => {
                let is_good = order.state().status != OrderStatus::Invalid;
                state.order = is_good.then_some(pending);
                Ok(is_good.then_some((order, key)))
            }
            // The authority has forgotten it, or it was another account's.
            Err(instant_acme::Error::Api(problem))
                if matches!(problem.status, Some(401 | 403 | 404)) =>
            {
                Ok(None)
            }
            Err(error) => {
                state.order = Some(pending);
                Err(error.into())
            }
        }
    }

    async fn begin(
        &self,
        held: &Held,
        account: &Account,
        state: &mut State,
        wanted: Wanted<'_>,
    ) -> Result<(Order, KeyPair), Failure> {
        if self.terms.config.preflight && self.proof == Proof::Http {
            preflight::fly(
                &self.challenges,
                wanted.names,
                self.terms.config.challenge_port,
            )
            .await?;
        }
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        state.places_order(Timestamp::now());
        self.store.keep_state(held, state)?;
        let order = self.place(account, wanted).await?;
        state.order = Some(Pending {
            url: order.url().to_owned(),
            directory: self.terms.directory.clone(),
            domains: wanted.names.to_vec(),
            key: key.serialize_pem(),
        });
        self.store.keep_state(held, state)?;
        Ok((order, key))
    }

    /// Says which certificate the new one replaces, where the authority wants to know: such orders are not limited.
    async fn place(&self, account: &Account, wanted: Wanted<'_>) -> Result<Order, Failure> {
        let names: Vec<Identifier> = wanted.names.iter().cloned().map(Identifier::Dns).collect();
        if let Some(id) = wanted.old.and_then(renewal::identifier) {
            match account.new_order(&NewOrder::new(&names).replaces(id)).await {
                Ok(order) => return Ok(order),
                // It knows no replacing, or not this certificate, or had it replaced before.
                Err(instant_acme::Error::Unsupported(_)) => {}
                Err(error) if is_about_replacing(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(account.new_order(&NewOrder::new(&names)).await?)
    }

    async fn bring_home(
        &self,
        order: &mut Order,
        key: &KeyPair,
        names: &[String],
        shown: &mut Vec<Shown>,
    ) -> Result<String, Failure> {
        if order.state().status == OrderStatus::Pending {
            self.show(order, shown).await?;
            let outcome = order.poll_ready(&PATIENCE).await?;
            if outcome == OrderStatus::Invalid {
                return Err(Failure::new("the authority found a proof wanting"));
            }
        }
        if order.state().status == OrderStatus::Ready {
            let mut params = CertificateParams::new(names.to_vec())?;
            params.distinguished_name = DistinguishedName::new();
            let request = params.serialize_request(key)?;
            order.finalize_csr(request.der()).await?;
        }
        Ok(order.poll_certificate(&PATIENCE).await?)
    }

    /// Puts the proofs in place, and tells the authority to look.
    async fn show(&self, order: &mut Order, shown: &mut Vec<Shown>) -> Result<(), Failure> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status != AuthorizationStatus::Pending {
                continue;
            }
            let domain = authorization.identifier().to_string();
            let Some(mut challenge) = authorization.challenge(self.proof.kind()) else {
                let text = format!(
                    "the authority takes no proof by {} for `{domain}`",
                    self.proof.name()
                );
                return Err(Failure::of(&domain, text));
            };
            let (token, answer) = (challenge.token.clone(), challenge.key_authorization());
            shown.push(self.put(&domain, &token, &answer)?);
            challenge.set_ready().await?;
        }
        Ok(())
    }

    fn put(&self, domain: &str, token: &str, answer: &KeyAuthorization) -> Result<Shown, Failure> {
        match self.proof {
            Proof::Http => self.challenges.show_text(token, answer.as_str()),
            Proof::Tls => self
                .challenges
                .show_certificate(domain, answer.digest().as_ref()),
        }
    }
}

/// Finds the names whose proofs failed, and what the authority saw; an order that failed is not gone on with.
async fn explained(state: &mut State, order: &mut Order, failure: Failure) -> Failure {
    let Ok(OrderStatus::Invalid) = order.refresh().await.map(|state| state.status) else {
        return failure;
    };
    state.order = None;
    let mut found = Vec::new();
    let until = Instant::now() + LAST_LOOK;
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let domain = authorization.identifier().to_string();
        if let Some(problem) = problem(&mut authorization, until).await {
            let text = format!("the authority could not prove `{domain}`: {problem}");
            found.push(Failure::of(&domain, text));
        }
    }
    Failure::together(found).unwrap_or(failure)
}

/// What the authority has against a name, if anything; one that it has not looked at by now is waited for.
async fn problem(authorization: &mut AuthorizationHandle<'_>, until: Instant) -> Option<String> {
    loop {
        let current = authorization.refresh().await.ok()?;
        let mut challenges = current.challenges.iter();
        let problem = challenges.find_map(|challenge| challenge.error.as_ref());
        let is_open = current.status == AuthorizationStatus::Pending;
        if problem.is_some() || !is_open || Instant::now() >= until {
            return problem.map(explain);
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Where the authority may write to.
fn contact(email: Option<&str>) -> Option<String> {
    email.map(|email| format!("mailto:{email}"))
}

impl Proof {
    fn kind(self) -> ChallengeType {
        match self {
            Self::Http => ChallengeType::Http01,
            Self::Tls => ChallengeType::TlsAlpn01,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTP-01",
            Self::Tls => "TLS-ALPN-01",
        }
    }
}

fn is_about_replacing(error: &instant_acme::Error) -> bool {
    match error {
        instant_acme::Error::Api(problem) => {
            let kind = problem.r#type.as_deref().unwrap_or_default();
            // RFC 9773 §5: 409 `alreadyReplaced`; what can't be found at all is `malformed`.
            kind.ends_with(":alreadyReplaced") || kind.ends_with(":malformed")
        }
        // The authority took the order and did not repeat what it replaces, which the protocol's library takes amiss.
        instant_acme::Error::Other(error) => error.to_string().starts_with("replaces field"),
        _ => false,
    }
}
