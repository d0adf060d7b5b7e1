"""A report that was refused is seen on the page of its run."""

from cutwater.kube.client import PROWJOB
from cutwater.prowjob.reporting import GITHUB, note_key, note_of
from tests.functions.deck.site import RUN, Site


async def test_what_came_in_the_way_of_a_report() -> None:
    site = Site()
    run = await site.run()
    note = {note_key(GITHUB): note_of("success", "GitHub answers 403: <b>no</b> right")}
    await site.kube.merge(PROWJOB, "default", run["metadata"]["name"], {"metadata": {"annotations": note}})
    page = await site.get(f"/view/s3/artifacts/{RUN}")
    assert "<dt>github-reporter could not tell</dt>" in page.text
    assert "success: GitHub answers 403: &lt;b&gt;no&lt;/b&gt; right" in page.text
