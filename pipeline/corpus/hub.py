"""A version as a dataset repository of the Hugging Face hub: at its root, one commit, a tag of its name.

So it lies as the hub and `datasets` expect it (the card and the files it names), and `revision="2.37.0"` opens an
earlier one. A commit is one step there: a reader never sees half. What a takedown replaced loses its tag, and the files
that no tag and not `main` names are deleted for good: git would keep them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.corpus.exports import (
    Exported,
    Sent,
    check_here,
    exported,
    masked_in,
    noted,
    plan,
    reaching,
    refuse_other_masks,
    sums_of,
)
from pipeline.corpus.read import MANIFEST, version_key
from pipeline.corpus.remote import HUB, place, tags
from pipeline.errors import RefusedError, UsageError

DATASET = "dataset"
MAIN = "main"


def export(folder: Path, clean: Path, to: str, here: Sequence[str], *, mirror: bool) -> Exported:
    """Commit a version, or the copy of one, to `hf://datasets/NAME/REPOSITORY`, which is there already, and tag it.

    Versions go there in their order, since `main` is the last one: RefusedError for one before it.
    """
    repository = to.removeprefix(HUB)
    if repository.count("/") != 1 or "@" in repository:
        raise UsageError(f"{to}: a dataset repository of the hub is {HUB}NAME/REPOSITORY")
    try:
        from huggingface_hub import HfApi
    except ModuleNotFoundError:
        raise UsageError(
            f"{to}: this takes huggingface_hub: pip install 'zh-article-corpus[remote]'"
        ) from None
    api, version = HfApi(), folder.name
    with reaching(to):
        have = tags(to)
    if later := [v for v in have if version_key(v) > version_key(version)]:
        raise RefusedError(f"{to}: {later[-1]} is there, and main holds it: {version} comes before it")
    refuse_other_masks(place(to), have, folder)
    todo = plan(have, here, version, mirror=False, to=to)
    going = (*todo.remove, *(todo.unknown if mirror else ()))
    # noted once, here no more and without a tag: a removal that was killed before its end
    half = {v for v, place in exported(clean) if place == to} - {*have, *here}
    known = noted(clean, to, sent=[version])
    with reaching(to):
        done = _commit(api, repository, folder, to, tagged=version in have)
        api.create_tag(repository, tag=version, repo_type=DATASET, exist_ok=True)
        for tag in going:
            api.delete_tag(repository, tag=tag, repo_type=DATASET)
        if going or half or mirror:
            _purge(api, repository, [MAIN, *({*have, version} - {*going})])
    if going or half:
        noted(clean, to, removed={*going, *half})
    left = () if mirror else todo.unknown
    return Exported(to=to, versions=(done,), removed=going, unknown=left, noted=known)


def _commit(api: Any, repository: str, folder: Path, to: str, *, tagged: bool) -> Sent:
    """Make `main` the version, in one commit; files whose hash the hub has there are not named in it."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    sums = sums_of(folder)
    main = _tree(api, repository, MAIN)
    if tagged:
        before = _tree(api, repository, folder.name).get(MANIFEST)
        if before is None or not _is_same(before, folder / MANIFEST, sums[MANIFEST]):
            raise RefusedError(
                f"{to}@{folder.name}: another version of this name stands there, so of another corpus"
            )
    changed = [n for n in sums if n not in main or not _is_same(main[n], folder / n, sums[n])]
    for name in changed:
        check_here(folder / name, sums[name])
    # .gitattributes and the like are the hub's own
    strange = [name for name in main if name not in sums and not name.startswith(".")]
    if changed or strange:
        api.create_commit(
            repository,
            [
                *(
                    CommitOperationAdd(path_in_repo=name, path_or_fileobj=str(folder / name))
                    for name in changed
                ),
                *(CommitOperationDelete(path_in_repo=name) for name in strange),
            ],
            commit_message=f"Version {folder.name}",
            repo_type=DATASET,
        )
    sent = sum((folder / name).stat().st_size for name in changed)
    return Sent(
        version=folder.name,
        masked=masked_in(folder),
        sent=len(changed),
        there=len(sums) - len(changed),
        bytes=sent,
    )


def _tree(api: Any, repository: str, revision: str) -> dict[str, Any]:
    """Path → what the hub tells of a file, of every file of a revision."""
    listed = api.list_repo_tree(repository, recursive=True, revision=revision, repo_type=DATASET)
    return {entry.path: entry for entry in listed if hasattr(entry, "blob_id")}


def _is_same(there: Any, path: Path, digest: str) -> bool:
    """Whether a file of the hub is one here: by the sum of a large file, of a small one by git's hash of its bytes."""
    if there.lfs is not None:
        return bool(there.lfs.sha256 == digest)
    data = path.read_bytes()
    blob = b"blob %d\0" % len(data)
    return bool(there.blob_id == hashlib.sha1(blob + data, usedforsecurity=False).hexdigest())


def _purge(api: Any, repository: str, revisions: Sequence[str]) -> None:
    """Delete for good the large files that none of these revisions names: all rows are in large files."""
    named = {e.lfs.sha256 for r in revisions for e in _tree(api, repository, r).values() if e.lfs is not None}
    listed = api.list_lfs_files(repository, repo_type=DATASET)
    api.permanently_delete_lfs_files(
        repository, [file for file in listed if file.file_oid not in named], repo_type=DATASET
    )
