"""Every way a person changes the world, as one bundle for whoever translates requests.

There is no other way in: the API calls these, and nothing else of the engine, the graph or the devices.
"""

from dataclasses import dataclass

from app.commands.activation import ActivationCommands
from app.commands.alerts import AlertCommands
from app.commands.assets import AssetCommands
from app.commands.causes import CauseCommands
from app.commands.control import ControlCommands
from app.commands.definitions import DefinitionCommands
from app.commands.dry_run import DryRunCommands
from app.commands.impact import ImpactCommands
from app.commands.notifications import NotificationCommands
from app.commands.overrides import OverrideCommands
from app.commands.reports import ReportCommands
from app.commands.scripts import ScriptCommands
from app.commands.shelving import ShelvingCommands
from app.commands.stored_scripts import StoredScriptCommands
from app.commands.what_if import WhatIfCommands


@dataclass(frozen=True, slots=True)
class Commands:
    definitions: DefinitionCommands
    scripts: ScriptCommands
    stored_scripts: StoredScriptCommands
    control: ControlCommands
    assets: AssetCommands
    overrides: OverrideCommands
    reports: ReportCommands
    alerts: AlertCommands
    what_if: WhatIfCommands
    dry_run: DryRunCommands
    shelving: ShelvingCommands
    activation: ActivationCommands
    notifications: NotificationCommands
    impact: ImpactCommands
    causes: CauseCommands
