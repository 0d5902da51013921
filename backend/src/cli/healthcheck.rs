//! `healthcheck`: asks `/readyz` of a service on this machine.

use std::net::SocketAddr;
use std::time::Duration;

use super::Failure;

/// Succeeds if the service is ready.
pub async fn healthcheck(listen: String) -> Result<(), Failure> {
    let mut address: SocketAddr = listen.parse().map_err(|_| {
        Failure::Config(vec![format!("APPROVAL_LISTEN is {listen:?}; write an address and a port")])
    })?;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(3))
        .no_proxy()
        .build()
        .map_err(|error| Failure::Runtime(error.to_string()))?;
    match client.get(format!("http://{address}/readyz")).send().await {
        Ok(response) if response.status().is_success() => Ok(()),
        Ok(response) => Err(Failure::Unavailable(format!("{address} answered {}", response.status()))),
        Err(_) => Err(Failure::Unavailable(format!("{address} does not answer"))),
    }
}
