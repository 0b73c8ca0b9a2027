"""Assets: files that this server keeps, and the places in a definition that name one."""

from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.ids import global_id
from app.api.scalars import DateTime, Long
from app.api.types.node import Node
from app.commands.pointers import pointer
from app.model import assets as model
from app.model.definitions import Simulation
from app.model.document import FreeForm
from app.ports import AssetStore


@strawberry.type(description="A file: a model, an icon, a layout, a dashboard. Uploads go over REST.")
class Asset(Node):
    path: str = strawberry.field(description="As documents write it, such as `/models/pump.glb`.")
    url: str = strawberry.field(description="Where this server serves it, such as `/assets/models/pump.glb`.")
    media_type: str = strawberry.field(description="By the ending of its path.")
    size: Long = strawberry.field(description="Bytes.")
    etag: str = strawberry.field(description="Strong, in its quotes; another content has another one.")
    modified_at: DateTime = strawberry.field(description="When its content was last changed.")

    @classmethod
    def of(cls, asset: model.Asset) -> "Asset":
        return cls(
            id=global_id("Asset", asset.path),
            path=asset.written,
            url=asset.url,
            media_type=asset.media_type,
            size=Long(asset.size),
            etag=asset.etag,
            modified_at=DateTime(asset.modified_at),
        )

    @classmethod
    def find(cls, store: AssetStore, path: str) -> "Asset | None":
        found = store.find(path)
        return cls.of(found) if found else None


@strawberry.type(description="A place in a definition's visualization or simulation that names an asset.")
class AssetReference:
    field: str = strawberry.field(description="JSON pointer, such as `/visualization/model_3d`.")
    path: str = strawberry.field(description="As it is written there.")
    url: str = strawberry.field(description="Where this server serves it, once it is there.")
    asset: Asset | None = strawberry.field(description="The file; null where it is not there yet.")


REFERENCES = (
    "The files that its `visualization` and `simulation` name, with their addresses here; addresses elsewhere "
    "(https://...) are left out. ASSETS_UNAVAILABLE."
)


async def referenced(info: Info, visualization: FreeForm | None, simulation: Simulation | None) -> list[AssetReference]:
    store = info.context.services.commands.assets.store
    references = list(model.references_in(visualization, simulation))
    if references:
        await store.refresh()
    return [
        AssetReference(
            field=pointer(item.at), path=item.written, url=model.url_of(item.path), asset=Asset.find(store, item.path)
        )
        for item in references
    ]


Prefix = Annotated[
    str | None, strawberry.argument(description="Only paths that begin so, with or without the first slash.")
]
