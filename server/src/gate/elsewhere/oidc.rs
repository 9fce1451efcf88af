//! An OpenID Connect provider: where somebody is sent to sign in there, and whom it named when they come back. Who may
//! enter is decided elsewhere. Nothing of what the provider answers is trusted before its signature, audience, nonce and
//! times were checked, which the crate `openidconnect` does.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AsyncHttpClient, AuthType, AuthenticationFlow,
    AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IdTokenFields, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, ProviderMetadataWithLogout, RedirectUrl,
    RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse, TokenResponse as _, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::transactions::Transaction;
use super::{Begin, Problem, Shown};
use crate::config::Oidc as Settings;
use crate::gate::identity::Identity;
use crate::outward;

/// How long what the provider says of itself, its keys included, is taken for true.
const KNOWN_FOR: Duration = Duration::from_secs(60 * 60);
/// Least time between two looks at its keys because one was missing: anybody can bring a token that names another.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// Longest list of groups that is looked through.
const MOST_GROUPS: usize = 10_000;

/// A provider.
pub(super) struct Oidc {
    settings: Settings,
    issuer: IssuerUrl,
    outward: Outward,
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    provider: Arc<ProviderMetadataWithLogout>,
    at: Instant,
    /// When it was looked at last because a key was missing.
    again: Option<Instant>,
}

impl Known {
    fn may_look_again(&self) -> bool {
        self.again.is_none_or(|again| again.elapsed() >= LOOK_AGAIN)
    }
}

/// Claims beside the standard ones, by name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Extra(HashMap<String, Value>);

impl AdditionalClaims for Extra {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        Extra,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type Party = Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Whom the provider named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// By which the provider knows them.
    pub(super) subject: String,
    pub(super) email: Option<Email>,
    pub(super) groups: Vec<String>,
}

/// An address, and whether the provider has seen that it is theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Email {
    Verified(Identity),
    Claimed(Identity),
}

impl Oidc {
    pub(super) fn new(settings: Settings) -> Result<Self, outward::Error> {
        Ok(Self {
            issuer: IssuerUrl::new(settings.issuer.clone()).expect("settings hold a URL"),
            settings,
            outward: Outward(outward::client()?),
            known: Mutex::default(),
        })
    }

    /// As the provider names itself.
    pub(super) fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Groups whose members may enter.
    pub(super) fn groups(&self) -> &[String] {
        &self.settings.groups
    }

    /// Where to sign in.
    pub(super) async fn address(
        &self,
        transaction: &Transaction,
        redirect: &str,
        how: Begin,
    ) -> Result<String, Problem> {
        let known = self.known().await?;
        let party = self.party(&known.provider, redirect)?;
        let verifier = PkceCodeVerifier::new(transaction.verifier.clone());
        let state = CsrfToken::new(transaction.state.clone());
        let nonce = Nonce::new(transaction.nonce.clone());
        let scopes = self.settings.scopes.iter().cloned().map(Scope::new);
        let mut request = party
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || state,
                move || nonce,
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scopes(scopes)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if how == Begin::Afresh {
            request = request.add_prompt(CoreAuthPrompt::Login);
        }
        let (url, ..) = request.url();
        // A provider's own document could lead anywhere.
        match outward::is_private(&url) {
            true => Ok(url.into()),
            false => Err(Problem::unreachable(
                "its page for signing in is not reached by https",
            )),
        }
    }

    /// Whom the provider names, for the code that came back.
    pub(super) async fn found(
        &self,
        transaction: &Transaction,
        redirect: &str,
        code: String,
    ) -> Result<Found, Problem> {
        let known = self.known().await?;
        let party = self.party(&known.provider, redirect)?;
        let exchange = party
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| Problem::unreachable("it names no place where codes are exchanged"))?;
        let verifier = PkceCodeVerifier::new(transaction.verifier.clone());
        let exchange = exchange.set_pkce_verifier(verifier);
        let tokens = exchange.request_async(&self.outward).await;
        let tokens = tokens.map_err(|error| match error {
            RequestTokenError::ServerResponse(said) => {
                let why = said.error_description().cloned();
                Problem::Denied(Shown::new(&why.unwrap_or(said.error().to_string())))
            }
            RequestTokenError::Request(error) => Problem::unreachable(error.to_string()),
            // Its text may hold tokens.
            _ => Problem::unreachable("its answer for the code makes no sense"),
        })?;
        let nonce = Nonce::new(transaction.nonce.clone());
        match self.claims(&party, &tokens, &nonce).await {
            Err(Unproven::UnknownKey) if known.may_look_again() => {
                let known = self.look(Some(Instant::now())).await?;
                let party = self.party(&known.provider, redirect)?;
                self.claims(&party, &tokens, &nonce).await
            }
            found => found,
        }
        .map_err(|unproven| match unproven {
            Unproven::UnknownKey => Problem::Unproven("it is signed with an unknown key".into()),
            Unproven::Other(problem) => problem,
        })
    }

    /// Where to end the sign-in over there too, if the provider offers that and was met before.
    pub(super) fn leave(&self) -> Option<String> {
        let known = self.lock().clone()?;
        let end = &known.provider.additional_metadata().end_session_endpoint;
        let id = ClientId::new(self.settings.client_id.clone());
        let url = LogoutRequest::from(end.clone()?).set_client_id(id);
        let url = url.http_get_url();
        outward::is_private(&url).then(|| url.into())
    }

    async fn claims(
        &self,
        party: &Party,
        tokens: &Tokens,
        nonce: &Nonce,
    ) -> Result<Found, Unproven> {
        let unproven = |why: &str| Unproven::Other(Problem::Unproven(why.into()));
        let token = tokens.id_token().ok_or(unproven("there is none"))?;
        let verifier = party.id_token_verifier();
        let claims = token.claims(&verifier, nonce).map_err(Unproven::from)?;
        if let Some(expected) = claims.access_token_hash() {
            let key = token.signing_key(&verifier);
            let hash = token.signing_alg().and_then(|alg| {
                let hash = AccessTokenHash::from_token(tokens.access_token(), alg, key?);
                hash.map_err(|error| SignatureVerificationError::Other(error.to_string()))
            });
            if hash.as_ref() != Ok(expected) {
                return Err(unproven("it belongs to another access token"));
            }
        }
        let wants_groups = !self.settings.groups.is_empty();
        let extra = claims.additional_claims();
        let mut found = Found {
            subject: claims.subject().to_string(),
            email: email(
                claims.email().map(|email| email.as_str()),
                claims.email_verified(),
            ),
            groups: self.named_groups(extra),
        };
        let lacks_groups = wants_groups && !extra.0.contains_key(&self.settings.groups_claim);
        if (found.email.is_none() || lacks_groups) && party.user_info_url().is_some() {
            // Many providers say more there than in the token.
            let subject = claims.subject().clone();
            let asked = party.user_info(tokens.access_token().clone(), Some(subject));
            let asked = asked.map_err(|_| unproven("there is nowhere to ask for more"))?;
            let more: UserInfoClaims<Extra, CoreGenderClaim> =
                asked.request_async(&self.outward).await.map_err(|error| {
                    tracing::warn!(%error, "the provider tells no more about who signed in");
                    Unproven::Other(Problem::unreachable("it tells nothing about who signed in"))
                })?;
            if found.email.is_none() {
                let address = more.email().map(|email| email.as_str());
                found.email = email(address, more.email_verified());
            }
            if lacks_groups {
                found.groups = self.named_groups(more.additional_claims());
            }
        }
        Ok(found)
    }

    /// A list, or one name.
    fn named_groups(&self, extra: &Extra) -> Vec<String> {
        match extra.0.get(&self.settings.groups_claim) {
            Some(Value::String(group)) => vec![group.clone()],
            Some(Value::Array(groups)) => groups
                .iter()
                .take(MOST_GROUPS)
                .filter_map(|group| group.as_str().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn party(
        &self,
        provider: &ProviderMetadataWithLogout,
        redirect: &str,
    ) -> Result<Party, Problem> {
        let redirect = RedirectUrl::new(redirect.to_owned());
        let redirect =
            redirect.map_err(|_| Problem::unreachable("this server's own address is no URL"))?;
        let id = ClientId::new(self.settings.client_id.clone());
        let secret = self.settings.client_secret.clone().map(ClientSecret::new);
        let shown = provider.token_endpoint_auth_methods_supported();
        let is_shown = |how| shown.is_none_or(|shown| shown.contains(&how));
        let how = match is_shown(CoreClientAuthMethod::ClientSecretBasic) {
            true => AuthType::BasicAuth,
            false => AuthType::RequestBody,
        };
        let party = Party::from_provider_metadata(provider.clone(), id, secret);
        Ok(party.set_auth_type(how).set_redirect_uri(redirect))
    }

    /// What the provider says of itself.
    async fn known(&self) -> Result<Known, Problem> {
        let known = self.lock().clone();
        match known {
            Some(known) if known.at.elapsed() < KNOWN_FOR => Ok(known),
            // Better what was true an hour ago than nobody let in.
            Some(known) => Ok(self.look(known.again).await.unwrap_or(known)),
            None => self.look(None).await,
        }
    }

    /// Asks the provider.
    async fn look(&self, again: Option<Instant>) -> Result<Known, Problem> {
        let issuer = self.issuer.clone();
        let provider = ProviderMetadataWithLogout::discover_async(issuer, &self.outward).await;
        let provider = provider.map_err(|error| Problem::unreachable(outward::causes(&error)))?;
        let known = Known {
            provider: Arc::new(provider),
            at: Instant::now(),
            again,
        };
        *self.lock() = Some(known.clone());
        Ok(known)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a token says nothing.
enum Unproven {
    /// The provider may have a key that isn't known yet.
    UnknownKey,
    Other(Problem),
}

impl From<ClaimsVerificationError> for Unproven {
    fn from(error: ClaimsVerificationError) -> Self {
        match error {
            ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            ) => Self::UnknownKey,
            ClaimsVerificationError::SignatureVerification(error) => {
                Self::Other(Problem::Unproven(error.to_string()))
            }
            error => Self::Other(Problem::Unproven(error.to_string())),
        }
    }
}

fn email(address: Option<&str>, verified: Option<bool>) -> Option<Email> {
    let who = Identity::new(address?)?;
    Some(match verified {
        Some(true) => Email::Verified(who),
        _ => Email::Claimed(who),
    })
}

/// How the crate asks: by our own client, and only where nobody listens.
struct Outward(reqwest::Client);

#[derive(Debug, thiserror::Error)]
enum Unasked {
    #[error("it names an address that isn't reached by https")]
    NotPrivate,
    #[error(transparent)]
    Outward(#[from] outward::Error),
}

impl<'c> AsyncHttpClient<'c> for Outward {
    type Error = Unasked;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unasked>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let url = Url::parse(&request.uri().to_string());
            if !url.is_ok_and(|url| outward::is_private(&url)) {
                return Err(Unasked::NotPrivate);
            }
            Ok(outward::exchange(&self.0, request).await?)
        })
    }
}
