"""What a pod leaves on disk is removed, whatever it is."""

from pathlib import Path

from infra.local.pods.pod import remove_tree


def test_links_and_what_may_not_be_written(tmp_path: Path) -> None:
    kept, pod = tmp_path / "kept", tmp_path / "pod"
    (pod / "closed" / "inside").mkdir(parents=True)
    kept.mkdir()
    (kept / "file").touch()
    (pod / "link").symlink_to(kept)
    (pod / "closed").chmod(0o500)
    remove_tree(pod)
    assert (pod.exists(), (kept / "file").exists()) == (False, True)
