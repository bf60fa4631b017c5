//! Which process listens on a port of this machine.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};

/// Whether the port is free.
pub(crate) fn is_free(port: u16) -> bool {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    bound.err().is_none_or(|error| error.kind() != ErrorKind::AddrInUse)
}

/// The name and id of the process that listens on a port, if `/proc` has it.
pub(crate) fn owner(port: u16) -> Option<String> {
    let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let inode = listening_inode(&table, port)?;
    let socket = format!("socket:[{inode}]");
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Ok(files) = std::fs::read_dir(entry.path().join("fd")) else { continue };
        let holds =
            |file: std::fs::DirEntry| std::fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == &*socket);
        if files.flatten().any(holds) {
            let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
            return Some(format!("{} (process {})", name.trim(), entry.file_name().to_string_lossy()));
        }
    }
    None
}

/// The port of this machine that a process listens on, if `/proc` has it.
pub(crate) fn listened_by(process: u32) -> Option<u16> {
    let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).ok()?;
    let sockets: Vec<String> = files
        .flatten()
        .filter_map(|file| Some(std::fs::read_link(file.path()).ok()?.to_string_lossy().into_owned()))
        .collect();
    let is_own = |inode: &str| sockets.iter().any(|socket| *socket == format!("socket:[{inode}]"));
    listening(&table).find(|(_, inode)| is_own(inode)).map(|(port, _)| port)
}

/// The inode of the socket that listens on a port, in the text of `/proc/net/tcp`.
fn listening_inode(table: &str, port: u16) -> Option<&str> {
    listening(table).find(|(other, _)| *other == port).map(|(_, inode)| inode)
}

/// The port and inode of each socket that listens, in the text of `/proc/net/tcp`.
fn listening(table: &str) -> impl Iterator<Item = (u16, &str)> {
    table.lines().filter_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (_, port) = fields.next()?.rsplit_once(':')?;
        let is_listening = fields.nth(1)? == "0A";
        let inode = fields.nth(5)?;
        is_listening.then_some((u16::from_str_radix(port, 16).ok()?, inode))
    })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::{listened_by, listening_inode};

    #[test]
    fn the_listening_socket_is_distinguished_from_its_connections() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \x20  0: 0100007F:207D 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 111 1 0\n\
            \x20  1: 0100007F:207D 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0\n";
        assert_eq!(listening_inode(table, 8317), Some("222"));
        assert_eq!(listening_inode(table, 80), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_port_that_a_process_listens_on_is_found() -> std::io::Result<()> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        assert_eq!(listened_by(std::process::id()), Some(socket.local_addr()?.port()));
        assert_eq!(listened_by(u32::MAX), None);
        Ok(())
    }
}
