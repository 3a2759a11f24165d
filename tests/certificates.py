"""Certificates for servers of tests, signed by an authority that was made a moment ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's, with its key and the authority that signed it, as files.

    Args:
        chain: the server's certificate.
        key: of the server.
        authority: whom to trust.
    """

    chain: Path
    key: Path
    authority: Path

    @classmethod
    def at(cls, folder: Path) -> Certificate:
        """The one that stands in a folder."""
        return cls(folder / "server.pem", folder / "server.key", folder / "authority.pem")


def certificate(folder: Path, name: str) -> Certificate:
    """Make an authority, and a certificate for a server that is reached as `name`, an address or a host's name."""
    folder.mkdir()
    now, mine, its = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    us = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority {x509.random_serial_number()}")])
    constraints = x509.BasicConstraints(ca=True, path_length=0)
    empty = x509.CertificateBuilder().not_valid_before(now - _DAY).not_valid_after(now + _DAY).issuer_name(us)
    of_authority = empty.subject_name(us).public_key(mine.public_key()).serial_number(1)
    of_authority = of_authority.add_extension(constraints, critical=True)
    called = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    of_server = empty.subject_name(x509.Name([])).public_key(its.public_key()).serial_number(2)
    of_server = of_server.add_extension(x509.SubjectAlternativeName([called]), critical=True)
    made = Certificate.at(folder)
    made.authority.write_bytes(of_authority.sign(mine, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    made.chain.write_bytes(of_server.sign(mine, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        its.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made
