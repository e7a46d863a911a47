"""`clinigate serve`: the runs of this system as pages, served or written to files."""

from __future__ import annotations

import os
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import config_option, trust_option
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.errors import UsageError

__all__ = ["command"]


@click.command("serve")
@config_option
@click.option("--host", help="Address to listen on (default: [portal] host, this machine alone).")
@click.option("--port", type=click.IntRange(0, 65535),
              help="Port to listen on; 0 takes a free one (default: [portal] port).")  # fmt: skip
@trust_option
@click.option("--export", "export", type=click.Path(file_okay=False, path_type=Path),
              help="Write all pages and bundles into this folder instead.")  # fmt: skip
@click.option("--no-bundles", is_flag=True, help="With --export: pages and reports alone.")
def command(
    config: Path | None,
    host: str | None,
    port: int | None,
    trust: Path | None,
    export: Path | None,
    no_bundles: bool,
) -> int:
    """Show runs, trends, coverage, waivers and the ledger to people, read-only.

    It listens on this machine alone. On any other address readers need a token or a proxy that
    signs them in, else it refuses to start. Ctrl-C ends it.
    """
    loaded = load_config(config)
    if export is not None:
        if host is not None or port is not None:
            raise UsageError("--export writes files and listens nowhere; leave out --host, --port")
        return _export(loaded, export, trust, bundles=not no_bundles)
    if no_bundles:
        raise UsageError("--no-bundles is about an export; give --export DIR")
    return _serve(loaded, host, port, trust)


def _serve(loaded: LoadedConfig, host: str | None, port: int | None, trust: Path | None) -> int:
    from datetime import timedelta

    from clinigate.portal.access import Sessions, access_of
    from clinigate.portal.site import Site

    table = loaded.config.portal
    address = host or table.host
    access = access_of(table, address, os.environ)
    try:
        from clinigate.portal.app import build_app
        from clinigate.portal.serving import listen, serve
    except ImportError as error:
        raise UsageError(
            f"the portal needs {error.name}, which is not installed; "
            "pip install 'clinigate[portal]', or write files with --export DIR"
        ) from error
    site = Site(loaded, trust_file=trust)
    site.warm()
    app = build_app(site, access, Sessions(timedelta(hours=table.session_hours)))
    listening = listen(address, table.port if port is None else port)
    try:
        serve(app, listening, table, loaded.base_dir, ready=_say_where)
    except KeyboardInterrupt:
        pass  # that is how it is ended
    finally:
        listening.close()
        site.close()
    return ExitCode.OK


def _say_where(address: str) -> None:
    click.echo(f"portal: {address} (read-only; Ctrl-C ends it)")


def _export(loaded: LoadedConfig, folder: Path, trust: Path | None, *, bundles: bool) -> int:
    from clinigate.portal.export import export_site
    from clinigate.portal.site import Site
    from clinigate.reports.text import one_line

    done = export_site(Site(loaded, trust_file=trust, exported=True), folder, bundles=bundles)
    bundles_told = "1 bundle" if done.bundles == 1 else f"{done.bundles} bundles"
    click.echo(f"portal: {folder / 'index.html'} ({done.pages} pages, {bundles_told})")
    for told in done.left_out:
        click.echo(f"left out: {one_line(told)}")
    return ExitCode.OK
