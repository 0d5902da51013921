//! OpenID Connect: the only place that knows how providers talk. Code flow with PKCE and nonce, the
//! tokens checked by the `openidconnect` crate.
//!
//! Source: OpenID Connect Core 1.0, Discovery 1.0 and RP-Initiated Logout 1.0; RFC 7636 (PKCE).

mod claims;
mod transport;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AuthType, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl,
    LogoutRequest, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RequestTokenError, Scope,
    StandardErrorResponse, StandardTokenResponse, TokenResponse as _, UserInfoClaims,
};
use secrecy::ExposeSecret as _;

use crate::causes;
use crate::config::OidcConfig;
pub use claims::Identity;
use claims::Others;
use transport::Transport;

/// What a provider says about itself is asked again after so long, and for every token.
const KEPT: Duration = Duration::from_secs(5 * 60);

/// Signatures that are accepted: by private keys only. With an HMAC whoever knows the client's secret
/// could sign, and `none` is no signature.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type Client = openidconnect::Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
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

/// Why somebody could not be identified.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The provider cannot be reached, or does not answer as it should.
    #[error("the provider cannot be used: {0}")]
    Unavailable(String),
    /// What it issued does not prove who it is.
    #[error("the provider's token is not accepted: {0}")]
    Token(String),
}

/// A sign-in that was begun: where to send the browser, and what must be known when it comes back.
#[derive(Debug)]
pub struct Begun {
    /// The provider's page.
    pub url: String,
    /// Comes back with the browser.
    pub state: String,
    /// Comes back in the token.
    pub nonce: String,
    /// Proves to the token endpoint who asked.
    pub verifier: String,
}

/// What must be known when the browser comes back.
#[derive(Debug)]
pub struct Expected {
    /// The nonce of [`Begun`].
    pub nonce: String,
    /// The verifier of [`Begun`].
    pub verifier: String,
}

/// A provider; cheap to clone.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    config: OidcConfig,
    redirect: RedirectUrl,
    transport: Transport,
    known: Mutex<Option<(Instant, ProviderMetadataWithLogout)>>,
}

impl Provider {
    /// A provider, with the address that it sends people back to.
    ///
    /// # Errors
    /// [`OidcError::Unavailable`] if no HTTP client can be built, or the address is none.
    pub fn new(config: OidcConfig, redirect: String) -> Result<Self, OidcError> {
        let redirect = RedirectUrl::new(redirect).map_err(|error| unavailable(&error))?;
        let transport = Transport::new().map_err(|error| unavailable(&error))?;
        Ok(Self(Arc::new(Inner { config, redirect, transport, known: Mutex::new(None) })))
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &OidcConfig {
        &self.0.config
    }

    /// Begins a sign-in.
    ///
    /// # Errors
    /// [`OidcError::Unavailable`].
    pub async fn begin(&self) -> Result<Begun, OidcError> {
        let client = self.client(self.recently_known().await?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut asked = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge);
        for scope in ["email", "profile"].into_iter().chain(self.0.config.scopes.iter().map(String::as_str)) {
            asked = asked.add_scope(Scope::new(scope.to_owned()));
        }
        let (url, state, nonce) = asked.url();
        Ok(Begun {
            url: url.into(),
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
        })
    }

    /// Exchanges the code that came back for what the provider says about the person.
    ///
    /// # Errors
    /// See [`OidcError`].
    pub async fn finish(&self, code: String, expected: Expected) -> Result<Identity, OidcError> {
        let client = self.client(self.known_now().await?);
        let http = |request| self.0.transport.send(request);
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| unavailable(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(expected.verifier))
            .request_async(&http)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(refusal) => {
                    OidcError::Token(refusal.error().as_ref().to_owned())
                }
                RequestTokenError::Request(_) => unavailable(&error),
                RequestTokenError::Parse(..) | RequestTokenError::Other(_) => token(&error),
            })?;
        let id_token = answer.id_token().ok_or_else(|| OidcError::Token("there is no id token".into()))?;
        let verifier = client.id_token_verifier().set_allowed_algs(SIGNATURES);
        let claims =
            id_token.claims(&verifier, &Nonce::new(expected.nonce)).map_err(|error| token(&error))?;
        if let Some(hash) = claims.access_token_hash() {
            let algorithm = id_token.signing_alg().map_err(|error| token(&error))?;
            let key = id_token.signing_key(&verifier).map_err(|error| token(&error))?;
            let made = AccessTokenHash::from_token(answer.access_token(), algorithm, key)
                .map_err(|error| token(&error))?;
            if made != *hash {
                return Err(OidcError::Token("the access token belongs to another id token".into()));
            }
        }
        let mut identity = Identity::of_token(&self.0.config, claims);
        // Many providers say there what they leave out of the token.
        if let Ok(question) = client.user_info(answer.access_token().clone(), Some(claims.subject().clone()))
        {
            let more: UserInfoClaims<Others, CoreGenderClaim> =
                question.request_async(&http).await.map_err(|error| unavailable(&error))?;
            identity.complete(&self.0.config, &more);
        }
        Ok(identity)
    }

    /// Where a browser goes to sign out at the provider, which sends it on to `back`; `None` if the
    /// provider has no such page.
    ///
    /// # Errors
    /// [`OidcError::Unavailable`].
    pub async fn sign_out_url(&self, back: String) -> Result<Option<String>, OidcError> {
        let known = self.recently_known().await?;
        let Some(end) = known.additional_metadata().end_session_endpoint.clone() else { return Ok(None) };
        let back = PostLogoutRedirectUrl::new(back).map_err(|error| unavailable(&error))?;
        let asked = LogoutRequest::from(end)
            .set_client_id(ClientId::new(self.0.config.client_id.clone()))
            .set_post_logout_redirect_uri(back);
        Ok(Some(asked.http_get_url().into()))
    }

    async fn recently_known(&self) -> Result<ProviderMetadataWithLogout, OidcError> {
        let kept = self.0.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match kept {
            Some((at, known)) if at.elapsed() < KEPT => Ok(known),
            Some(_) | None => self.known_now().await,
        }
    }

    /// Asks the provider about itself: keys change, and a token is checked with those of now.
    async fn known_now(&self) -> Result<ProviderMetadataWithLogout, OidcError> {
        let issuer = IssuerUrl::new(self.0.config.issuer.clone()).map_err(|error| unavailable(&error))?;
        let http = |request| self.0.transport.send(request);
        let known = ProviderMetadataWithLogout::discover_async(issuer, &http)
            .await
            .map_err(|error| unavailable(&error))?;
        *self.0.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), known.clone()));
        Ok(known)
    }

    fn client(&self, known: ProviderMetadataWithLogout) -> Client {
        let config = &self.0.config;
        let offered = known.token_endpoint_auth_methods_supported().cloned().unwrap_or_default();
        // Without a list the header is what every provider takes.
        let in_body = offered.contains(&CoreClientAuthMethod::ClientSecretPost)
            && !offered.contains(&CoreClientAuthMethod::ClientSecretBasic);
        let secret = config.client_secret.as_ref();
        Client::from_provider_metadata(
            known,
            ClientId::new(config.client_id.clone()),
            secret.map(|secret| ClientSecret::new(secret.expose_secret().to_owned())),
        )
        .set_redirect_uri(self.0.redirect.clone())
        .set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
    }
}

fn unavailable(error: &(dyn std::error::Error + 'static)) -> OidcError {
    OidcError::Unavailable(causes::told(error))
}

fn token(error: &(dyn std::error::Error + 'static)) -> OidcError {
    OidcError::Token(causes::told(error))
}
