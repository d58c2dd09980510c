/** Buttons with `data-copy="id"` copy that field; the field is selected, so that it can be copied by hand as well. */

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const words = button.querySelector("span") ?? button;
  field.addEventListener("focus", () => field.select());
  if (!navigator.clipboard) continue; // plain http on another machine: there the field itself is all there is
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      return; // not allowed: the selected text can be copied by hand
    }
    words.textContent = button.dataset.done;
  });
}
