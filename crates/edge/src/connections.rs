//! How many connections are open, in all and by address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use traffic::client::limit_key;

/// Counts shared by all worker threads; touched when a connection opens and when it closes.
#[derive(Debug)]
pub(crate) struct Connections {
    most: AtomicUsize,
    per_address: AtomicUsize,
    open: AtomicUsize,
    by_address: Mutex<HashMap<u128, usize>>,
}

/// Why a connection is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    InAll,
    ForAddress,
}

/// One open connection; dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Arc<Connections>,
    key: Option<u128>,
}

impl Connections {
    pub(crate) fn new(most: usize, per_address: usize) -> Self {
        Self {
            most: AtomicUsize::new(most),
            per_address: AtomicUsize::new(per_address),
            open: AtomicUsize::new(0),
            by_address: Mutex::default(),
        }
    }

    /// Sets other bounds; connections that are open stay.
    pub(crate) fn bound(&self, most: usize, per_address: usize) {
        self.most.store(most, Ordering::Relaxed);
        self.per_address.store(per_address, Ordering::Relaxed);
    }

    /// Takes a place for `address`; `None` stands for one that carries many clients.
    pub(crate) fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Place, Full> {
        if self.open.fetch_add(1, Ordering::Relaxed) >= self.most.load(Ordering::Relaxed) {
            self.open.fetch_sub(1, Ordering::Relaxed);
            return Err(Full::InAll);
        }
        // From here on the place gives back what it holds, whatever happens.
        let mut place = Place {
            connections: Arc::clone(self),
            key: None,
        };
        if let Some(address) = address {
            place.count_for(address)?;
        }
        Ok(place)
    }
}

impl Place {
    /// Counts the connection for the address of a client that came to light later. A place is counted for one address
    /// only.
    pub(crate) fn count_for(&mut self, address: IpAddr) -> Result<(), Full> {
        let (connections, key) = (&self.connections, limit_key(address));
        let mut by_address = connections
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = by_address.entry(key).or_default();
        if *count >= connections.per_address.load(Ordering::Relaxed) {
            return Err(Full::ForAddress);
        }
        *count += 1;
        drop(by_address);
        self.key = Some(key);
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open.fetch_sub(1, Ordering::Relaxed);
        let Some(key) = self.key else { return };
        let mut by_address = self
            .connections
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(connections: &Connections) -> usize {
        connections.open.load(Ordering::Relaxed)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_share_and_a_closed_connection_gives_its_place_back() {
        let connections = Arc::new(Connections::new(4, 2));
        let first = connections.take(Some(address("192.0.2.1"))).unwrap();
        let _second = connections.take(Some(address("192.0.2.1"))).unwrap();
        assert_eq!(
            connections.take(Some(address("192.0.2.1"))).unwrap_err(),
            Full::ForAddress
        );
        drop(first);
        assert_eq!(open(&connections), 1);
        let _third = connections.take(Some(address("192.0.2.1"))).unwrap();
        let others = [
            connections.take(None).unwrap(),
            connections.take(None).unwrap(),
        ];
        assert_eq!(
            connections.take(Some(address("192.0.2.2"))).unwrap_err(),
            Full::InAll
        );
        drop(others);
        assert_eq!(open(&connections), 2);
    }

    #[test]
    fn an_address_without_connections_is_not_remembered() {
        let connections = Arc::new(Connections::new(10, 1));
        for number in 0..1000_u32 {
            connections
                .take(Some(IpAddr::from(number.to_be_bytes())))
                .unwrap();
        }
        assert!(connections.by_address.lock().unwrap().is_empty());
    }
}
