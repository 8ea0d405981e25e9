// One dot a settlement: its shape says the status, its colour who holds it.

/** Draw the dot of a look; the shapes are those of the legend. */
export function drawDot(ctx, look, x, y, r) {
  const { shape } = look;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.arc(x, y, shape === "unknown" ? Math.min(r, 4) : r, 0, 2 * Math.PI);
  if (shape === "presence" || shape === "vacated") {
    ctx.fillStyle = "#FFFFFF";
    ctx.fill();
    ctx.strokeStyle = shape === "presence" ? look.face : look.edge;
    ctx.lineWidth = shape === "presence" ? Math.max(1.6, r * 0.45) : 1.2;
    ctx.stroke();
    if (shape === "vacated") slash(ctx, x, y, r + 2);
  } else {
    ctx.fillStyle = look.face;
    ctx.fill();
    ctx.strokeStyle = look.edge;
    ctx.stroke();
  }
  if (shape === "contested") {
    slash(ctx, x, y, r * 0.72);
    slash(ctx, x, y, r * 0.72, -1);
  } else if (shape === "besieged") {
    ctx.setLineDash([2.2, 1.8]);
    ctx.lineWidth = 1.6;
    ctx.strokeStyle = "#111111";
    ctx.beginPath();
    ctx.arc(x, y, r + 2.6, 0, 2 * Math.PI);
    ctx.stroke();
    ctx.setLineDash([]);
  } else if (shape === "shared") {
    ctx.fillStyle = "#FFFFFF";
    ctx.beginPath();
    ctx.arc(x, y, r - 0.6, -Math.PI / 2, Math.PI / 2);
    ctx.fill();
  }
  if (look.doubt) {
    ctx.lineWidth = 1.4;
    ctx.strokeStyle = "#B3261E";
    ctx.beginPath();
    ctx.moveTo(x + r * 0.5, y - r - 4);
    ctx.lineTo(x + r * 0.5 + 3.5, y - r + 2);
    ctx.lineTo(x + r * 0.5 - 3.5, y - r + 2);
    ctx.closePath();
    ctx.fillStyle = "#FFFFFF";
    ctx.fill();
    ctx.stroke();
  }
}

function slash(ctx, x, y, r, way = 1) {
  ctx.strokeStyle = "#333333";
  ctx.lineWidth = 1.2;
  ctx.beginPath();
  ctx.moveTo(x - r * 0.7, y + r * 0.7 * way);
  ctx.lineTo(x + r * 0.7, y - r * 0.7 * way);
  ctx.stroke();
}
